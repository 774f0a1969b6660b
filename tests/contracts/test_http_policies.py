"""What the options of a route keep: rate limits, idempotency keys, cached answers, entity tags."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
import pytest_asyncio
from msgspec import Struct
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from hookspecs import Refusal, stored
from tests.contracts.http_served import Served, hook, serve
from tools.http.contract import Context, Header, RouteError
from tools.state.contract import State
from tools.state.memory_state import MemoryState
from tools.state.memory_store import MemoryStore
from tools.state.settings import StateSettings

NOT_AGAIN = "this was carried out, or may have been, and there is no answer kept: look for the result"


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {"HTTP_BODY_TIMEOUT_S": "0.05"})
    yield served
    await served.client.aclose()


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> State:
    return MemoryState(StateSettings(), MemoryStore(clock))


@pytest.fixture
def kept_in_state(http: Served, state: State) -> None:
    with hook():
        http.http.keep_in(state.namespace("http"))


class Bearer:
    """Takes any token, as `<subject>` or `<subject>:<scope>`."""

    scheme, scopes = "bearer", ()

    async def __call__(self, context: Context) -> Any:
        name, _, scope = context.headers.get("authorization", "").partition(":")
        if not name:
            raise Refusal(401, "sign in")
        return SimpleNamespace(subject=name, scopes=(scope,))


def by(name: str) -> dict[str, str]:
    return {"authorization": name}


class Counted:
    """A handler that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.started = asyncio.Event()

    async def get(self) -> dict[str, int]:
        self.runs += 1
        self.started.set()
        await self.gate.wait()
        return {"run": self.runs}

    async def post(self, data: dict[str, Any], context: Context) -> dict[str, int]:
        context.set_status(201)
        context.set_header("location", f"/orders/{self.runs + 1}")
        return await self.get()


@pytest.fixture
def counted() -> Counted:
    return Counted()


def statuses(answers: list[httpx.Response]) -> list[int]:
    return sorted(one.status_code for one in answers)


# ------------------------------------------------------------------ rate limits


async def test_what_is_over_the_rate_is_refused_with_the_time_to_wait(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, rate_limit="2/minute")

    first, _, third = [await http.get("/x") for _ in range(3)]

    assert (first.status_code, third.status_code, counted.runs) == (200, 429, 2)
    limits = {"limit": "2", "policy": "2;w=60", "reset": "60"}
    for answer, left in (first, "1"), (third, "0"):
        assert {name: answer.headers[f"ratelimit-{name}"] for name in limits} == limits
        assert answer.headers["ratelimit-remaining"] == left
    assert third.headers["content-type"] == "application/problem+json"
    assert (third.headers["retry-after"], third.json()["status"]) == ("60", 429)


async def test_of_requests_side_by_side_exactly_as_many_pass_as_may(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, rate_limit="10/hour")

    answers = await asyncio.gather(*(http.get("/x") for _ in range(100)))

    assert statuses(answers) == [200] * 10 + [429] * 90
    assert counted.runs == 10


@pytest.mark.usefixtures("kept_in_state")
async def test_a_window_begins_with_the_first_request_and_a_refused_one_prolongs_nothing(
    http: Served, counted: Counted, clock: Clock
) -> None:
    http.add("/x", "GET", counted.get, rate_limit="1/minute")
    seen = []

    for passed_s in (0, 59.5, 0.4, 0.2):
        clock.now_s += passed_s
        answer = await http.get("/x")
        seen.append((answer.status_code, answer.headers["ratelimit-reset"]))

    assert seen == [(200, "60"), (429, "1"), (429, "1"), (200, "60")]


async def test_a_caller_is_the_subject_wherever_it_calls_from(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, guard=Bearer(), rate_limit="1/day")

    async def ask(name: str, address: str) -> int:
        client = (address, 1)
        return (await http.raw("GET", "/x", headers=[(b"authorization", name.encode())], client=client))[0]

    assert [await ask("ana", "10.0.0.1"), await ask("ana", "10.0.0.2"), await ask("bob", "10.0.0.1")] == [200, 429, 200]


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "::ffff:10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ],
)
async def test_a_caller_without_a_subject_is_its_address_or_its_network(
    http: Served, counted: Counted, first: str, second: str, is_same: bool
) -> None:
    http.add("/x", "GET", counted.get, rate_limit="1/day")

    answers = [(await http.raw("GET", "/x", client=(address, 1)))[0] for address in (first, second)]

    assert answers == [200, 429 if is_same else 200]


async def test_each_route_counts_for_itself_and_errors_tell_the_rate_too(http: Served, counted: Counted) -> None:
    async def missing(context: Context) -> None:
        raise Refusal(404, "nothing here")

    http.add("/x", "GET", counted.get, rate_limit="1/second")
    http.add("/y", "GET", missing, rate_limit="5/second")

    first, second = await http.get("/x"), await http.get("/y")

    assert (first.status_code, second.status_code, second.headers["ratelimit-remaining"]) == (200, 404, "4")


async def test_what_the_guard_refuses_is_not_counted_against_the_others_of_its_address(
    http: Served, counted: Counted
) -> None:
    http.add("/x", "GET", counted.get, guard=Bearer(), rate_limit="1/day")

    refused = [(await http.get("/x")).status_code for _ in range(5)]

    assert (refused, (await http.get("/x", headers=by("ana"))).status_code) == ([401] * 5, 200)


@pytest.mark.parametrize("rate", ["", "20", "0/minute", "-1/minute", "1/week", "1.5/second", "20 / minute", 20])
def test_a_rate_that_is_none_stops_the_boot(http: Served, counted: Counted, rate: Any) -> None:
    with pytest.raises(RouteError, match=f"^GET /x: rate_limit {rate!r} is no rate: write a number above 0"):
        http.add("/x", "GET", counted.get, rate_limit=rate)


# ------------------------------------------------------------------ idempotency keys


def key(text: str = "8e03978e-40d5", **more: str) -> dict[str, str]:
    return {"idempotency-key": text, **more}


async def test_a_repeated_request_runs_once_and_gets_the_same_answer(http: Served, counted: Counted) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)

    first, again = [await http.post("/orders", json={"a": 1}, headers=key()) for _ in range(2)]

    assert counted.runs == 1
    assert (again.status_code, again.content, again.headers["location"]) == (201, first.content, "/orders/1")
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert first.headers["x-request-id"] != again.headers["x-request-id"]


async def test_of_requests_side_by_side_one_runs_and_the_others_are_told_to_wait(
    http: Served, counted: Counted
) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)
    counted.gate.clear()
    asked = [asyncio.create_task(http.post("/orders", json={}, headers=key())) for _ in range(20)]

    done, running = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 19:
        more, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    counted.gate.set()

    assert {one.result().status_code for one in done} == {409}
    assert {one.result().headers["retry-after"] for one in done} == {"1"}
    assert [(await one).status_code for one in running] == [201]
    assert counted.runs == 1


async def test_the_same_key_with_another_request_is_refused(http: Served, counted: Counted) -> None:
    async def named(id: int, data: dict[str, Any]) -> dict[str, int]:
        return await counted.get()

    http.add("/orders/{id}", "PATCH", named, idempotent=True)

    async def ask(url: str, body: bytes) -> int:
        headers = key(**{"content-type": "application/json"})
        return (await http.client.patch(url, content=body, headers=headers)).status_code

    first = await ask("/orders/1", b"{}")
    others = [await ask("/orders/1", b"{ }"), await ask("/orders/2", b"{}"), await ask("/orders/1?a=1", b"{}")]

    assert (first, others, await ask("/orders/1", b"{}"), counted.runs) == (200, [422] * 3, 200, 1)


async def test_the_keys_of_two_callers_and_of_two_routes_never_meet(http: Served, counted: Counted) -> None:
    http.add("/a", "POST", counted.post, guard=Bearer(), idempotent=True)
    http.add("/b", "POST", counted.post, guard=Bearer(), idempotent=True)

    for path, name in [("/a", "ana"), ("/a", "bob"), ("/b", "ana"), ("/a", "ana")]:
        await http.post(path, json={}, headers=key(**by(name)))

    assert counted.runs == 3


@pytest.mark.parametrize(
    ("error", "runs"),
    [
        (Refusal(409, "sold out"), 1),
        (Refusal(404, "no such thing"), 1),
        (Refusal(503, "not now"), 2),
        (Refusal(423, "locked", 5), 2),
        (Refusal(429, "slowly"), 2),
        (KeyError("secret"), 2),
    ],
    ids=lambda one: getattr(one, "detail", str(one)),
)
async def test_an_error_of_the_handler_is_kept_unless_it_asks_for_another_try(
    http: Served, error: Exception, runs: int
) -> None:
    ran = []

    async def failing(data: dict[str, Any], context: Context) -> None:
        ran.append(1)
        context.set_header("x-own", "1")
        raise error

    http.add("/orders", "POST", failing, idempotent=True)
    first, again = [await http.post("/orders", json={}, headers=key()) for _ in range(2)]

    assert (len(ran), again.status_code, again.headers["x-own"]) == (runs, first.status_code, "1")
    assert again.json().get("detail") == first.json().get("detail") == getattr(error, "detail", None)
    assert ("idempotency-replayed" in again.headers) is (runs == 1)


async def test_what_was_wrong_with_the_body_can_be_put_right_under_the_same_key(http: Served) -> None:
    class Order(Struct):
        count: int

    async def order(new: Order) -> int:
        return new.count

    order.__annotations__["new"] = Order
    http.add("/orders", "POST", order, idempotent=True)

    wrong = await http.post("/orders", json={"count": "x"}, headers=key())
    right = await http.post("/orders", json={"count": 1}, headers=key())

    assert (wrong.status_code, right.status_code) == (422, 200)


@pytest.mark.parametrize("given", ["", "a b", "x" * 256, "\x7f", "ñ"], ids=ascii)
async def test_a_key_that_is_none_is_refused(http: Served, counted: Counted, given: str) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)
    headers = {"idempotency-key": given.encode("latin-1")}

    refused = await http.post("/orders", json={}, headers=headers)
    twice = await http.post("/orders", json={}, headers=[("idempotency-key", "a"), ("idempotency-key", "b")])

    assert (refused.status_code, twice.status_code, counted.runs) == (400, 400, 0)


async def test_without_a_key_each_request_runs(http: Served, counted: Counted) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)

    answers = [await http.post("/orders", json={}) for _ in range(2)]

    assert (statuses(answers), counted.runs) == ([201, 201], 2)


async def test_a_cancelled_request_gives_its_key_back(http: Served, counted: Counted) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)
    counted.gate.clear()
    first = asyncio.create_task(http.post("/orders", json={}, headers=key()))
    await counted.started.wait()

    first.cancel()
    await asyncio.wait([first])
    counted.gate.set()

    assert (await http.post("/orders", json={}, headers=key())).json() == {"run": 2}


async def test_a_handler_that_ran_out_of_time_gives_its_key_back(http: Served, counted: Counted) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True, timeout_s=0.05)
    counted.gate.clear()

    late = await http.post("/orders", json={}, headers=key())
    counted.gate.set()

    assert late.status_code == 504
    assert (await http.post("/orders", json={}, headers=key())).json() == {"run": 2}


@pytest.mark.usefixtures("kept_in_state")
async def test_a_def_that_runs_on_in_its_thread_keeps_its_key_until_the_lease_ends(http: Served, clock: Clock) -> None:
    gate, runs = threading.Event(), []

    def slow(data: dict[str, Any]) -> int:
        runs.append(1)
        gate.wait(10)
        return len(runs)

    http.add("/orders", "POST", slow, idempotent=True, timeout_s=0.05)
    first, second = [(await http.post("/orders", json={}, headers=key())).status_code for _ in range(2)]
    gate.set()
    clock.now_s += 11
    third = await http.post("/orders", json={}, headers=key())

    assert (first, second, third.status_code, len(runs)) == (504, 409, 200, 2)


@pytest.mark.usefixtures("kept_in_state")
async def test_a_key_is_forgotten_after_a_day(http: Served, counted: Counted, clock: Clock) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)

    await http.post("/orders", json={}, headers=key())
    clock.now_s += 86_399
    kept = await http.post("/orders", json={}, headers=key())
    clock.now_s += 60
    forgotten = await http.post("/orders", json={}, headers=key())

    assert (kept.json(), forgotten.json()) == ({"run": 1}, {"run": 2})


async def streamed(data: dict[str, Any]) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    return StreamingResponse(chunks())


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
        notes = stored.get()
        assert notes == []
        if is_stored:
            notes.append("db")
        if isinstance(error, TimeoutError):
            await asyncio.Event().wait()
        raise error

    http.add("/orders", "POST", failing, idempotent=True, timeout_s=0.05)
    first, again = [await http.post("/orders", json={}, headers=key()) for _ in range(2)]

    assert first.status_code >= 500
    assert (len(ran), again.status_code) == ((1, 409) if is_stored else (2, first.status_code))
    assert (again.json().get("detail") == NOT_AGAIN) is is_stored


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


# ------------------------------------------------------------------ cached answers


async def test_an_answer_is_given_again_while_it_is_fresh(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)

    first, again, head = await http.get("/x"), await http.get("/x"), await http.client.head("/x")

    assert (first.json(), again.json(), counted.runs) == ({"run": 1}, {"run": 1}, 1)
    assert (first.headers["cache-control"], "age" in first.headers) == ("public, max-age=60", False)
    assert (again.headers["cache-control"], again.headers["age"]) == ("public, max-age=60", "0")
    assert (head.headers["content-length"], head.headers["age"], head.content) == ("9", "0", b"")


async def test_a_head_may_be_the_first_to_ask(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)

    await http.client.head("/x")

    assert ((await http.get("/x")).json(), counted.runs) == ({"run": 1}, 1)


async def test_path_query_and_the_headers_that_are_read_tell_answers_apart(http: Served, counted: Counted) -> None:
    async def named(id: int, tenant: Annotated[str, Header("X-Tenant")], q: str = "") -> dict[str, int]:
        return await counted.get()

    http.add("/x/{id}", "GET", named, cache_s=60.0)
    asked = [("/x/1", "a"), ("/x/2", "a"), ("/x/1?q=b", "a"), ("/x/1", "b"), ("/x/1", "a")]
    answers = [await http.get(url, headers={"x-tenant": tenant}) for url, tenant in asked]

    assert [one.json()["run"] for one in answers] == [1, 2, 3, 4, 1]
    assert {one.headers["vary"] for one in answers} == {"x-tenant"}


async def test_on_a_guarded_route_each_caller_has_an_answer_and_each_set_of_scopes(
    http: Served, counted: Counted
) -> None:
    http.add("/x", "GET", counted.get, guard=Bearer(), cache_s=60.0)

    answers = [await http.get("/x", headers=by(name)) for name in ("ana", "bob", "ana:admin", "ana")]

    assert [one.json()["run"] for one in answers] == [1, 2, 3, 1]
    assert {one.headers["cache-control"] for one in answers} == {"private, max-age=60"}
    assert (await http.get("/x")).status_code == 401


async def with_cookie(context: Context) -> str:
    context.set_cookie("session", "secret")
    return "x"


async def with_response_cookie() -> Response:
    answer = PlainTextResponse("x")
    answer.set_cookie("session", "secret")
    return answer


async def with_background_work() -> Response:
    return PlainTextResponse("x", background=BackgroundTask(len, ""))


async def not_stored(context: Context) -> str:
    context.set_header("cache-control", "no-store")
    return "x"


async def varied(context: Context) -> str:
    context.set_header("vary", "accept-language")
    return "x"


async def accepted(context: Context) -> str:
    context.set_status(202)
    return "x"


@pytest.mark.parametrize(
    "handler", [with_cookie, with_response_cookie, with_background_work, not_stored, varied, accepted]
)
async def test_what_is_for_one_client_or_not_a_plain_200_is_not_cached(
    http: Served, handler: Callable[..., Any]
) -> None:
    http.add("/x", "GET", handler, cache_s=60.0)

    answers = [await http.get("/x"), *await asyncio.gather(http.get("/x"), http.get("/x"))]

    assert not any("age" in one.headers for one in answers)
    assert {one.status_code for one in answers} <= {200, 202}


async def test_however_many_miss_at_the_same_time_the_handler_runs_once(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)
    counted.gate.clear()
    asked = [asyncio.create_task(http.get("/x")) for _ in range(50)]

    await counted.started.wait()
    counted.gate.set()
    answers = await asyncio.gather(*asked)

    assert ({one.json()["run"] for one in answers}, counted.runs) == ({1}, 1)


async def test_an_error_is_told_to_all_who_waited_for_it_and_not_kept(http: Served, counted: Counted) -> None:
    async def failing() -> None:
        await counted.get()
        raise Refusal(503, "not now", 3)

    http.add("/x", "GET", failing, cache_s=60.0)
    counted.gate.clear()
    asked = [asyncio.create_task(http.get("/x")) for _ in range(10)]
    await counted.started.wait()
    counted.gate.set()
    answers = await asyncio.gather(*asked)

    assert {(one.status_code, one.headers["retry-after"]) for one in answers} == {(503, "3")}
    assert (counted.runs, (await http.get("/x")).status_code, counted.runs) == (1, 503, 2)


async def test_when_the_one_who_asked_first_is_gone_another_takes_over(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)
    counted.gate.clear()
    first, *others = [asyncio.create_task(http.get("/x")) for _ in range(5)]
    await counted.started.wait()

    first.cancel()
    await asyncio.wait([first])
    counted.gate.set()

    assert ({one.json()["run"] for one in await asyncio.gather(*others)}, counted.runs) == ({2}, 2)


async def test_who_stops_waiting_takes_nobody_along(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)
    counted.gate.clear()
    first, leaving, *others = [asyncio.create_task(http.get("/x")) for _ in range(5)]
    await counted.started.wait()

    leaving.cancel()
    await asyncio.wait([leaving])
    counted.gate.set()

    assert {one.json()["run"] for one in await asyncio.gather(first, *others)} == {1}
    assert (leaving.cancelled(), counted.runs) == (True, 1)


@pytest.mark.parametrize(("method", "fresh_s"), [("POST", 60.0), ("GET", 0.0), ("GET", -1.0), ("GET", float("nan"))])
def test_only_a_get_is_cached_and_for_some_time(http: Served, counted: Counted, method: str, fresh_s: float) -> None:
    with pytest.raises(RouteError, match=f"^{method} /x: cache_s={fresh_s} is no time to keep an answer to a GET"):
        http.add("/x", method, counted.get, cache_s=fresh_s)


# ------------------------------------------------------------------ entity tags


async def test_a_client_that_has_the_answer_is_not_sent_it_again(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", lambda: {"a": 1}, etag=True)
    tag = (await http.get("/x")).headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = await http.get("/x", headers={"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert not {"content-type", "content-length"} & {*answer.headers}
    assert (await http.client.head("/x", headers={"if-none-match": tag})).status_code == 304
    for unknown in ('"other"', tag.strip('"'), "", '"'):
        assert (await http.get("/x", headers={"if-none-match": unknown})).json() == {"a": 1}


async def test_a_tag_follows_the_bytes_and_errors_have_none(http: Served) -> None:
    async def echo(q: int) -> int:
        if q < 0:
            raise Refusal(404, "nothing here")
        return q

    http.add("/x", "GET", echo, etag=True)
    tags = [(await http.get(f"/x?q={q}")).headers.get("etag") for q in (1, 2, 1, -1)]

    assert tags[0] == tags[2] != tags[1]
    assert (tags[3], len(str(tags[0]))) == (None, 34)


@pytest.mark.parametrize("options", [{}, {"etag": True}], ids=["by itself", "in place of the bytes"])
async def test_a_handler_says_which_version_it_answers(http: Served, options: dict[str, Any]) -> None:
    async def versioned(context: Context) -> str:
        context.set_header("content-language", "en")
        context.set_header("vary", "accept-language")
        context.set_etag("6")
        context.set_etag("7")
        return "x"

    http.add("/x", "GET", versioned, **options)
    fresh, known = await http.get("/x"), await http.get("/x", headers={"if-none-match": '"7"'})

    assert (fresh.headers.get_list("etag"), fresh.json()) == (['"7"'], "x")
    assert (known.status_code, known.headers["vary"], "content-language" in known.headers) == (
        304,
        "accept-language",
        False,
    )


@pytest.mark.parametrize("version", ["", "a b", 'a"b', "a\r\nb", "\u0100"], ids=ascii)
async def test_a_version_that_no_tag_can_hold_is_the_handler_s_error(http: Served, version: str) -> None:
    async def versioned(context: Context) -> None:
        with pytest.raises(ValueError, match="is no entity tag: leave out spaces and quotes$"):
            context.set_etag(version)

    http.add("/x", "GET", versioned)

    assert (await http.get("/x")).status_code == 204


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"7"', 200), ('"6", "7"', 200), ("*", 200), ('"6"', 412), ('W/"7"', 412), ("7", 412), ("", 412), (None, 428)],
)
async def test_a_change_is_made_only_to_the_version_that_the_client_saw(
    http: Served, if_match: str | None, status: int
) -> None:
    async def change(context: Context, required: bool = True) -> str:
        context.check_etag("7", required=required)
        return "changed"

    http.add("/x", "PUT", change)
    headers = {} if if_match is None else {"if-match": if_match}

    assert (await http.client.put("/x", headers=headers)).status_code == status
    assert (await http.client.put("/x?required=false")).status_code == 200


async def test_a_guarded_answer_with_a_tag_may_be_kept_by_its_client_and_asked_about(http: Served) -> None:
    http.add("/x", "GET", lambda: 1, guard=Bearer(), etag=True)

    fresh = await http.get("/x", headers=by("ana"))
    known = await http.get("/x", headers={**by("ana"), "if-none-match": fresh.headers["etag"]})

    assert [one.headers.get_list("cache-control") for one in (fresh, known)] == [["private, no-cache"]] * 2
    assert known.status_code == 304


async def test_a_response_of_starlette_s_has_a_tag_and_one_that_streams_has_none(http: Served) -> None:
    async def page() -> Response:
        return PlainTextResponse("hello", headers={"vary": "accept"})

    async def stream() -> Response:
        return await streamed({})

    http.add("/page", "GET", page, etag=True)
    http.add("/stream", "GET", stream, etag=True)
    whole = await http.get("/page")
    known = await http.get("/page", headers={"if-none-match": whole.headers["etag"]})
    running = await http.get("/stream", headers={"if-none-match": "*"})

    assert (whole.text, known.status_code, known.headers["vary"], known.content) == ("hello", 304, "accept", b"")
    assert (running.status_code, running.content, "etag" in running.headers) == (200, b"x", False)


async def test_a_cached_answer_is_compared_too_and_only_whole_ones_are_cached(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0, etag=True)

    first = await http.get("/x", headers={"if-none-match": "*"})
    fresh = await http.get("/x")
    known = await http.get("/x", headers={"if-none-match": fresh.headers["etag"]})

    assert [first.status_code, fresh.status_code, known.status_code, counted.runs] == [304, 200, 304, 1]
    assert (fresh.json(), known.headers["cache-control"]) == ({"run": 1}, "public, max-age=60")


def test_a_tag_of_the_bytes_is_for_a_get(http: Served, counted: Counted) -> None:
    with pytest.raises(RouteError, match=r"^POST /x: etag is for GET: in a POST, say context.check_etag\(version\)$"):
        http.add("/x", "POST", counted.post, etag=True)


# ------------------------------------------------------------------ where it is kept


async def test_two_processes_that_keep_in_one_state_count_and_keep_together(
    http: Served, counted: Counted, state: State
) -> None:
    async with aclosing((other := await serve("tools.http", {})).client):
        for one in (http, other):
            with hook():
                one.http.keep_in(state.namespace("http"))
            one.add("/x", "GET", counted.get, rate_limit="1/minute")
            one.add("/orders", "POST", counted.post, idempotent=True)

        limited = [(await one.get("/x")).status_code for one in (http, other)]
        made = [(await one.post("/orders", json={}, headers=key())).json() for one in (http, other)]

    assert (limited, made) == ([200, 429], [{"run": 2}, {"run": 2}])


async def test_a_full_store_refuses_before_anything_is_done(http: Served, counted: Counted, clock: Clock) -> None:
    full = MemoryState(StateSettings(state_max_keys=1), MemoryStore(clock))
    await full.set("taken", 1)
    with hook():
        http.http.keep_in(full)
    http.add("/x", "GET", counted.get, rate_limit="1/minute")
    http.add("/orders", "POST", counted.post, idempotent=True)

    answers = [await http.get("/x"), await http.post("/orders", json={}, headers=key())]

    assert (statuses(answers), counted.runs) == ([503, 503], 0)


async def test_who_goes_takes_its_store_along_and_two_stores_are_one_too_many(
    http: Served, counted: Counted, state: State
) -> None:
    http.add("/x", "GET", counted.get, rate_limit="1/minute")
    with hook() as part:
        http.http.keep_in(state)
        with pytest.raises(RouteError, match="already: delete one of the two$"):
            http.http.keep_in(state)
    before = [(await http.get("/x")).status_code for _ in range(2)]

    part.undo.close()

    assert (before, (await http.get("/x")).status_code) == ([200, 429], 200)
