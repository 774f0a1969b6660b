"""What our protocol does with requests one behind the other, broken bodies and upgrades, whatever the app is."""

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest
import uvloop

from tests.servers.raw_client import get, read_all, talk
from tests.tools.http.guarded import answer, body_of, guarded

CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
BAD_CHUNK = b"zz\r\n"
CLOSE = get("/", "Connection: close")
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def post(body: bytes, *lines: bytes) -> bytes:
    head = (b"POST / HTTP/1.1", b"Host: a", b"Content-Length: %d" % len(body), *lines, b"", b"")
    return b"\r\n".join(head) + body


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await answer(send, scope["path"].encode() + b"=" + (await body_of(receive) or b""))


async def slow_echo(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(0.05)
    await echo(scope, receive, send)


async def test_requests_one_behind_the_other_are_answered_in_order() -> None:
    async with guarded(slow_echo) as port:
        told = await talk(port, get("/1") + post(b"two") + get("/3") + post(b"four") + get("/5", "Connection: close"))

    found = [part.partition(b"\r\n\r\n")[2] for part in told.received.split(b"HTTP/1.1 200 OK")[1:]]
    assert found == [b"/1=", b"/=two", b"/3=", b"/=four", b"/5="]


async def test_a_head_may_come_in_pieces() -> None:
    async with guarded(echo) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in get("/x", "Connection: close"):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        told = await read_all(reader, 2)
        writer.close()

    assert (told.statuses, told.is_closed) == ([200], True)


async def test_a_fault_behind_a_request_that_is_served_lets_it_be_answered() -> None:
    async with guarded(slow_echo) as port:
        told = [await talk(port, get("/1") + get("/2") + rest) for rest in (b"BAD\r\n\r\n", CHUNKED + BAD_CHUNK)]

    assert [(one.statuses, one.is_closed) for one in told] == [([200, 200], True)] * 2


async def test_an_app_that_waits_for_a_broken_body_is_told_that_the_client_left() -> None:
    bodies = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        bodies.append(await body_of(receive))

    async with guarded(app) as port:
        told = await talk(port, CHUNKED + BAD_CHUNK)

    assert (told.statuses, told.is_closed, bodies) == ([400], True, [None])


async def test_an_answer_that_has_begun_is_cut_off_rather_than_mixed_with_another() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await body_of(receive)

    async with guarded(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(CHUNKED)
        begun = await reader.readuntil(b"begun\r\n")
        writer.write(BAD_CHUNK)
        rest = await read_all(reader, 2)
        writer.close()

    assert begun.startswith(b"HTTP/1.1 200")
    assert (rest.received, rest.is_closed) == (b"", True)


@pytest.mark.parametrize("rest", [BAD_CHUNK, b""], ids=["broken", "late"])
async def test_a_whole_answer_is_not_cut_off_by_the_rest_of_its_request(rest: bytes, monkeypatch: Any) -> None:
    monkeypatch.setenv("HTTP_BODY_TIMEOUT_S", "0.1")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"x" * 20_000_000)

    async with guarded(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(CHUNKED + b"1\r\na\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(rest)
        await asyncio.sleep(0.5)
        told = await read_all(reader, 5)
        writer.close()

    assert (len(told.received), told.is_closed) == (20_000_000, True)


async def test_an_early_last_answer_reaches_a_client_that_is_still_sending() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await answer(send, b"enough", (b"connection", b"close"))

    async with guarded(app) as port:
        told = [await talk(port, post(b"x" * 20_000_000), 5) for _ in range(5)]

    assert [(one.statuses, one.is_closed) for one in told] == [([200], True)] * 5


async def test_trailers_do_not_become_headers_of_the_request() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await body_of(receive)
        await answer(send, b" ".join(name for name, _ in scope["headers"]))

    async with guarded(app) as port:
        told = await talk(port, CHUNKED + b"1\r\na\r\n0\r\nAuthorization: admin\r\n\r\n" + CLOSE)

    assert b"\r\n\r\nhost transfer-encodingHTTP" in told.received


async def test_another_protocol_than_websocket_is_not_taken_and_the_connection_goes_on() -> None:
    async with guarded(echo) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/1", "Connection: upgrade", "Upgrade: h2c"))
        first = await reader.readuntil(b"/1=")
        writer.write(CLOSE)
        second = await read_all(reader, 2)
        writer.close()

    assert first.startswith(b"HTTP/1.1 200")
    assert (second.statuses, second.is_closed) == ([200], True)


async def test_a_client_that_leaves_is_gone_for_the_running_app_too_when_another_request_waits() -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        heard.put_nowait("begun")
        heard.put_nowait((await receive())["type"])

    async with guarded(app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/1") + get("/2"))
        assert await heard.get() == "begun"
        writer.transport.abort()

        assert await asyncio.wait_for(heard.get(), 2) == "http.disconnect"
    assert heard.empty()


async def test_an_app_that_does_not_read_is_not_its_clients_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_BODY_TIMEOUT_S", "0.2")
    monkeypatch.setenv("HTTP_MIN_BODY_BYTES_PER_S", "1000000000")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1)
        await echo(scope, receive, send)

    async with guarded(app) as port:
        big, expecting = await asyncio.gather(
            talk(port, post(b"x" * 2_000_000, b"Connection: close"), 5),
            talk(port, post(b"", b"Connection: close", b"Expect: 100-continue").replace(b": 0", b": 9"), 1.1),
        )

    assert big.statuses == [200]
    assert b"HTTP/1.1 100 Continue" in expecting.received
    assert 408 not in expecting.statuses


async def test_a_websocket_counts_until_it_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_MAX_CONNECTIONS", "1")
    key = "Sec-WebSocket-Key: " + "x" * 22 + "=="

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async with guarded(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/", "Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key))
        accepted = await reader.readuntil(b"\r\n\r\n")
        refused = await talk(port, CLOSE)
        writer.transport.abort()

    assert accepted.startswith(b"HTTP/1.1 101")
    assert (refused.received, refused.is_closed) == (b"", True)


async def test_a_task_that_has_ended_as_it_was_made_is_not_waited_for_at_the_stop() -> None:
    def eager(loop: Any, coroutine: Any, **options: Any) -> Any:  # as asyncio.eager_task_factory, of Python 3.12
        if "run_asgi" not in coroutine.__qualname__:
            return asyncio.Task(coroutine, loop=loop, **options)
        with pytest.raises(StopIteration):
            coroutine.send(None)
        done = loop.create_future()
        done.set_result(None)
        return done

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"ok")

    async with asyncio.timeout(5), guarded(app) as port:
        asyncio.get_running_loop().set_task_factory(eager)
        assert (await talk(port, get("/1") + get("/2") + CLOSE)).statuses == [200] * 3


VARIABLE: ContextVar[str] = ContextVar("variable", default="")


async def _entry_values(is_pipelined: bool) -> list[str]:
    found = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(VARIABLE.get())
        VARIABLE.set(f"of request {len(found)}")
        await body_of(receive)
        await answer(send, b"ok")

    bodies = [post(b"x" * 100_000)] * 5 + [post(b"x" * 100_000, b"Connection: close")]
    async with guarded(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in bodies:
            writer.write(body)
            if not is_pipelined:
                await reader.readuntil(b"ok")
        await read_all(reader, 5)
        writer.close()
    return found


@pytest.mark.parametrize("is_pipelined", [False, True], ids=["one by one", "pipelined"])
@pytest.mark.parametrize("loop", LOOPS)
def test_no_request_sees_the_context_variables_of_another(loop: str, is_pipelined: bool) -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        found = runner.run(_entry_values(is_pipelined))

    assert found == [""] * 6
