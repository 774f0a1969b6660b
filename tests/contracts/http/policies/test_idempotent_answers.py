"""Idempotency keys: which answers are kept, and whose time-out it is."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, Response

from hookspecs import Refusal, stored
from tests.contracts.http.policies.callers import Clock, Counted, key, streamed
from tests.contracts.http_served import Served, hook
from tools.http.contract import Context, RouteError
from tools.http.policies.counters import MemoryCounters

NOT_AGAIN = "this was carried out, or may have been, and there is no answer kept: look for the result"


def note_stored() -> None:
    notes = stored.get()
    assert notes == []
    notes.append("db")


async def large(data: dict[str, Any]) -> str:
    return "x" * 70_000


@pytest.mark.parametrize("handler", [streamed, large])
async def test_what_was_done_and_not_kept_is_not_done_again(http: Served, handler: Callable[..., Any]) -> None:
    http.add("/orders", "POST", handler, idempotent=True)

    first, again = [await http.post("/orders", json={}, headers=key()) for _ in range(2)]

    assert (first.status_code, again.status_code) == (200, 409)
    assert again.json()["detail"] == NOT_AGAIN


@pytest.mark.parametrize("error", [KeyError(), Refusal(503, "not now", 1), TimeoutError()])
@pytest.mark.parametrize("is_stored", [True, False])
async def test_what_failed_after_something_was_stored_is_not_done_again(
    http: Served, error: Exception, is_stored: bool
) -> None:
    ran = []

    async def failing(data: dict[str, Any]) -> None:
        ran.append(1)
        if is_stored:
            note_stored()
        if isinstance(error, TimeoutError):
            await asyncio.Event().wait()
        raise error

    http.add("/orders", "POST", failing, idempotent=True, timeout_s=0.05)
    first, again = [await http.post("/orders", json={}, headers=key()) for _ in range(2)]

    assert first.status_code >= 500
    assert (len(ran), again.status_code) == ((1, 409) if is_stored else (2, first.status_code))
    assert (again.json().get("detail") == NOT_AGAIN) is is_stored


class Slow(MemoryCounters):
    """A store that takes longer than what is left of the handler's time."""

    async def set(self, key: str, value: Any, *, ttl: float | None = None) -> None:
        await asyncio.sleep(0.1)
        await super().set(key, value, ttl=ttl)


@pytest.mark.parametrize("fails", [True, False])
async def test_what_ends_just_in_time_is_kept_however_long_that_takes(http: Served, clock: Clock, fails: bool) -> None:
    ran = []

    async def handler(data: dict[str, Any]) -> str:
        ran.append(1)
        note_stored()
        await asyncio.sleep(0.03)
        if fails:
            raise KeyError("after it was stored")
        return "done"

    http.add("/orders", "POST", handler, idempotent=True, timeout_s=0.08)
    with hook():
        http.http.keep_in(Slow(100, 100_000, clock))

    first = await http.post("/orders", json={}, headers=key())
    clock.now_s += 60  # the lease has ended
    again = await http.post("/orders", json={}, headers=key())

    assert (first.status_code, again.status_code, len(ran)) == ((500, 409, 1) if fails else (200, 200, 1))


async def test_a_def_that_ran_out_of_time_after_it_had_stored_something_is_not_run_again(
    http: Served, clock: Clock
) -> None:
    ran, gate = [], threading.Event()

    def handler(data: dict[str, Any]) -> str:
        ran.append(1)
        note_stored()
        gate.wait(5)
        return "done"

    http.add("/orders", "POST", handler, idempotent=True, timeout_s=0.1)
    with hook():
        http.http.keep_in(MemoryCounters(100, 100_000, clock))

    first = await http.post("/orders", json={}, headers=key())
    clock.now_s += 60  # the lease has ended
    gate.set()
    again = await http.post("/orders", json={}, headers=key())

    assert (first.status_code, again.status_code, again.json()["detail"], len(ran)) == (504, 409, NOT_AGAIN, 1)


LATER = {"retry-after": "5"}


@pytest.mark.parametrize(
    ("status", "headers", "runs"),
    [(202, LATER, 1), (409, {}, 1), (409, LATER, 2), (408, {}, 2), (425, {}, 2), (429, {}, 2), (503, {}, 2)],
)
@pytest.mark.parametrize("is_response", [True, False], ids=["Response", "set_status"])
async def test_an_answer_that_asks_for_another_try_is_not_kept(
    http: Served, is_response: bool, status: int, headers: dict[str, str], runs: int
) -> None:
    ran: list[int] = []

    async def hello(data: dict[str, Any], context: Context) -> Any:
        ran.append(1)
        if is_response:
            return PlainTextResponse("hello", status, headers)
        context.set_status(status)
        for pair in headers.items():
            context.set_header(*pair)
        return "hello"

    http.add("/orders", "POST", hello, idempotent=True)
    first, again = [await http.post("/orders", json={}, headers=key()) for _ in range(2)]

    assert (len(ran), again.status_code, first.status_code) == (runs, status, status)
    assert ("idempotency-replayed" in again.headers) is (runs == 1)


async def test_a_response_of_starlette_s_is_kept_too_and_its_background_work_runs_once(http: Served) -> None:
    ran: list[int] = []

    async def hello(data: dict[str, Any]) -> Response:
        answer = PlainTextResponse("hello", 202, {"x-own": "1"}, background=BackgroundTask(ran.append, 1))
        answer.set_cookie("theme", "dark")
        return answer

    http.add("/orders", "POST", hello, idempotent=True)
    first, again = [await http.post("/orders", json={}, headers=key()) for _ in range(2)]

    assert (again.status_code, again.text, again.headers["x-own"], ran) == (202, "hello", "1", [1])
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["set-cookie"] == first.headers["set-cookie"]


@pytest.mark.parametrize("options", [{"idempotent": True}, {"rate_limit": "9/day"}], ids=["key", "rate"])
async def test_a_body_that_does_not_arrive_is_the_client_s_own_time_out(
    http: Served, counted: Counted, options: dict[str, Any]
) -> None:
    http.add("/orders", "POST", counted.post, **options)
    scope = {"type": "http", "http_version": "1.1", "scheme": "http", "root_path": "", "method": "POST"}
    names = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"idempotency-key", b"k")]
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope |= {"path": "/orders", "query_string": b"", "headers": names}  # type: ignore[dict-item]
    await http.app(scope, asyncio.Event().wait, send)

    assert (sent[0]["status"], counted.runs) == (408, 0)


async def test_the_time_for_the_body_is_not_the_time_for_the_handler(http: Served) -> None:
    async def slow(data: dict[str, Any]) -> int:
        await asyncio.sleep(0.15)  # longer than HTTP_BODY_TIMEOUT_S
        return 1

    http.add("/orders", "POST", slow, idempotent=True)

    assert (await http.post("/orders", json={}, headers=key())).status_code == 200


@pytest.mark.parametrize("options", [{"idempotent": True}, {"cache_s": 60.0}], ids=["idempotent", "cache"])
async def test_claims_that_name_nobody_are_an_error_where_an_answer_is_kept_for_them(
    http: Served, counted: Counted, options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def guard(context: Context) -> object:
        return object()

    method, handler = ("POST", counted.post) if "idempotent" in options else ("GET", counted.get)
    http.add("/x", method, handler, guard=guard, **options)
    with caplog.at_level(logging.ERROR):
        answer = await http.client.request(method, "/x", json={}, headers=key())

    assert (answer.status_code, counted.runs) == (500, 0)
    assert "the guard's claims name nobody whose answers can be kept: give them `subject`" in caplog.text


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_what_is_not_idempotent_by_itself_takes_a_key(http: Served, counted: Counted, method: str) -> None:
    with pytest.raises(RouteError, match=f"^{method} /x: idempotent is for POST and PATCH: leave it out"):
        http.add("/x", method, counted.get, idempotent=True)
