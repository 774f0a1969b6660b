"""How much and how long: beyond a limit is a clear refusal."""

import asyncio
import threading
from typing import Any

import pytest
from starlette.requests import Request

from hookspecs import Refusal, trace
from kernel.call import THREADS
from tests.contracts.http.models import JSON_TYPE, Guard, nothing
from tests.contracts.http_served import Boot, Served
from tools.http.contract import Context


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize("declared", [b"1001", b"1000000000000", b"9" * 40])
async def test_a_body_that_says_that_it_is_too_large_is_not_read(http: Served, declared: bytes) -> None:
    http.add("/take", "POST", lambda data: data, max_body_bytes=1000)

    status, headers, _ = await http.raw("POST", "/take", headers=[JSON_TYPE, (b"content-length", declared)])

    assert (status, headers["connection"]) == (413, "close")


async def test_a_body_without_end_is_read_up_to_the_limit(http: Served) -> None:
    http.add("/take", "POST", lambda data: data, max_body_bytes=1000)
    http.add("/raw", "POST", read_all, max_body_bytes=1000)
    chunks = [part(b"x" * 400, more=True) for _ in range(4)]

    for path in ("/take", "/raw"):
        status, headers, _ = await http.raw("POST", path, *chunks, headers=[JSON_TYPE])
        assert (status, headers["connection"]) == (413, "close")


CHUNKED = (b"transfer-encoding", b"chunked")
TOO_LONG = (b"content-length", b"1001")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/guarded", 401), ("POST", "/missing", 404), ("PUT", "/guarded", 405), ("POST", "/typed?limit=x", 422)],
)
@pytest.mark.parametrize("framing", [CHUNKED, TOO_LONG], ids=["chunked", "too long"])
async def test_a_refusal_of_a_body_that_nothing_bounds_closes_the_connection(
    boot: Boot, framing: tuple[bytes, bytes], method: str, path: str, status: int
) -> None:
    async def typed(data: dict, limit: int) -> None: ...  # type: ignore[type-arg]

    http = await boot(HTTP_MAX_BODY_BYTES="1000")
    http.add("/guarded", "POST", lambda data: data, guard=Guard())
    http.add("/typed", "POST", typed)

    closed = await http.raw(method, path, headers=[JSON_TYPE, framing])
    second_version = await http.raw(method, path, headers=[JSON_TYPE, framing], http_version="2")

    assert (closed[0], closed[1].get("connection")) == (status, "close")
    assert (second_version[0], "connection" in second_version[1]) == (status, False)


async def test_a_refusal_of_a_body_within_its_limit_keeps_the_connection(http: Served) -> None:
    async def read_and_refuse(request: Request) -> None:
        await request.body()
        raise Refusal(409, "no")

    http.add("/guarded", "POST", lambda data: data, guard=Guard(), max_body_bytes=1_001)
    http.add("/take", "POST", lambda data: data)
    http.add("/raw", "POST", read_and_refuse)

    unread = await http.raw("POST", "/guarded", headers=[JSON_TYPE, TOO_LONG])
    bound = await http.raw("POST", "/take", part(b"{"), headers=[JSON_TYPE, CHUNKED])
    raw = await http.raw("POST", "/raw", part(b"{", more=True), part(b"}"), headers=[JSON_TYPE, CHUNKED])

    assert [one[0] for one in (unread, bound, raw)] == [401, 400, 409]
    assert not any("connection" in one[1] for one in (unread, bound, raw))


async def read_all(request: Request) -> int:
    return len(await request.body())


async def test_a_body_of_exactly_the_limit_is_taken_in_pieces(http: Served) -> None:
    http.add("/take", "POST", lambda data: data, max_body_bytes=8)

    status, _, body = await http.raw("POST", "/take", part(b'{"a"', more=True), part(b": 1}"), headers=[JSON_TYPE])

    assert (status, body) == (200, b'{"a":1}')


async def test_a_client_that_leaves_is_no_error_of_ours(http: Served, caplog: pytest.LogCaptureFixture) -> None:
    http.add("/take", "POST", lambda data: data)
    http.add("/raw", "POST", read_all)

    bound = await http.raw("POST", "/take", part(b"{", more=True), headers=[JSON_TYPE])
    raw = await http.raw("POST", "/raw", part(b"{", more=True), headers=[JSON_TYPE])

    assert (bound[0], raw[0], caplog.text) == (400, 400, "")


async def test_a_body_that_does_not_arrive_is_given_up(boot: Boot) -> None:
    http = await boot(HTTP_BODY_TIMEOUT_S="0.01")
    http.add("/take", "POST", lambda data: data)
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/take", "query_string": b""}
    await http.app({**scope, "headers": [(b"host", b"localhost"), JSON_TYPE]}, asyncio.Event().wait, send)

    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


async def started(http: Served, arriving: list[dict[str, Any]]) -> dict[str, Any]:
    """POST /raw with this much of a body, and nothing more; answer with the first message that comes back."""
    sent = list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        return arriving.pop() if arriving else await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/raw", "query_string": b""}
    await http.app({**scope, "headers": [(b"host", b"localhost"), CHUNKED]}, receive, send)
    return sent[0]


@pytest.mark.parametrize("arrives", [[], [part(b"{", more=True)]], ids=["nothing", "half"])
async def test_a_body_that_a_handler_reads_by_itself_and_that_does_not_arrive_is_the_client_s_time_out(
    http: Served, arrives: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    http.add("/raw", "POST", read_all, timeout_s=0.02)

    start = await started(http, [*arrives])

    assert (start["status"], caplog.text) == (408, "")
    assert (b"connection", b"close") in start["headers"]


async def test_a_handler_that_has_the_body_and_takes_too_long_is_our_time_out(http: Served) -> None:
    async def read_and_wait(request: Request) -> None:
        await request.body()
        await request.receive()  # which is the client's leaving

    http.add("/raw", "POST", read_and_wait, timeout_s=0.02)

    assert (await started(http, [part(b"{}")]))["status"] == 504


@pytest.mark.parametrize("is_async", [True, False], ids=["async def", "def"])
async def test_a_handler_that_takes_too_long_is_given_up(
    http: Served, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    ended, release = asyncio.Event(), threading.Event()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    def slow_in_a_thread() -> None:
        release.wait(10)

    http.add("/slow", "GET", slow if is_async else slow_in_a_thread, timeout_s=0.02)

    answer = await http.get("/slow")

    assert (answer.status_code, answer.json()["detail"]) == (504, "the answer took too long")
    assert [one.getMessage() for one in caplog.records] == ["GET /slow: made.feature took longer than 0.02 s"]
    assert ended.is_set() is is_async
    release.set()


async def test_a_guard_that_takes_too_long_is_given_up(http: Served) -> None:
    async def slow(context: Context) -> None:
        await asyncio.Event().wait()

    http.add("/slow", "GET", nothing, guard=slow, timeout_s=0.01)

    assert (await http.get("/slow")).status_code == 504


async def test_a_handlers_own_timeout_is_its_own(http: Served) -> None:
    async def slow() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    http.add("/slow", "GET", slow, errors={TimeoutError: (503, "upstream")})

    assert (await http.get("/slow")).status_code == 503


async def test_a_def_runs_in_a_thread_with_the_trace_and_beside_the_loop(http: Served) -> None:
    def show() -> list[Any]:
        return [threading.current_thread() is threading.main_thread(), trace.get().request_id]

    http.add("/show", "GET", show)

    assert (await http.get("/show", headers={"x-request-id": "id-1"})).json() == [False, "id-1"]


async def test_a_def_over_the_bound_is_refused_at_once(http: Served) -> None:
    release = threading.Event()
    http.add("/block", "GET", lambda: release.wait(10))
    http.add("/ping", "GET", nothing)

    blocked = [asyncio.create_task(http.get("/block")) for _ in range(THREADS)]
    while sum(thread.name.startswith("Thread") for thread in threading.enumerate()) < THREADS:
        await asyncio.sleep(0)
    refused, ping = await http.get("/block"), await http.get("/ping")
    release.set()

    assert (refused.status_code, refused.headers["retry-after"], ping.status_code) == (503, "1", 204)
    assert {(await one).status_code for one in blocked} == {200}


async def test_requests_beyond_the_bound_are_refused_but_for_those_that_are_always_served(boot: Boot) -> None:
    async def wait() -> None:
        begun.append(True)
        await release.wait()

    http, release, begun = await boot(HTTP_MAX_IN_FLIGHT="2"), asyncio.Event(), list[bool]()
    http.add("/wait", "GET", wait)
    http.add("/live", "GET", nothing, when_full=True)

    waiting = [asyncio.create_task(http.get("/wait")) for _ in range(2)]
    while len(begun) < 2:
        await asyncio.sleep(0)
    refused, live = await http.get("/wait"), await http.get("/live")
    release.set()

    assert live.status_code == 204
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert [(await one).status_code for one in waiting] == [204, 204]
    assert (await http.get("/wait")).status_code == 204
