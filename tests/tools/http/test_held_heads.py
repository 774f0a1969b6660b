"""The head of an answer waits for its body, but only for one turn of the loop."""

import asyncio
from typing import Any

import pytest

from tests.servers.raw_client import get, read_all, talk
from tests.tools.http.guarded import body_of, guarded

FIVE = [(b"content-length", b"5")]
UPLOAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: keep-alive\r\n%b\r\n"


@pytest.mark.parametrize("line", [b"", b"Expect: 100-continue\r\n"], ids=["plain", "expecting"])
async def test_a_client_sees_the_head_while_the_app_still_waits_for_the_rest_of_the_request(line: bytes) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": FIVE})
        await send({"type": "http.response.body", "body": await body_of(receive)})

    async with guarded(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPLOAD % line)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
        writer.write(b"hello")
        body = await asyncio.wait_for(reader.readexactly(5), 2)
        writer.close()

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b"hello"


@pytest.mark.parametrize("line", ["X-A: b", "Upgrade: h2c"], ids=["plain", "odd"])
@pytest.mark.parametrize("fails", [True, False], ids=["raises", "returns"])
async def test_an_answer_without_its_body_is_seen_as_cut_off_and_not_as_a_request_that_was_not_served(
    line: str, fails: bool
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": FIVE})
        if fails:
            raise ValueError("after the head")

    async with guarded(app) as port:
        told = await talk(port, get("/", line))

    assert told.received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert told.received.endswith(b"content-length: 5\r\n\r\n")
    assert told.is_closed


async def test_of_many_answers_each_has_its_own_head_whenever_its_body_comes() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        text = scope["path"].encode()
        headers = [(b"content-length", b"%d" % len(text)), (b"x-path", text)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if text.endswith((b"1", b"3", b"7")):
            await asyncio.sleep(0.001 * int(text[-1:]))
        await send({"type": "http.response.body", "body": text})

    async def answers(first: int) -> None:
        paths = [f"/{first + place}" for place in range(50)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(map(get, paths)) + get("/last", "Connection: close"))
        told = await read_all(reader, 5)
        writer.close()
        parts = told.received.split(b"HTTP/1.1 200 OK\r\n")[1:]
        found = [
            (head.partition(b"x-path: ")[2], body) for head, _, body in (one.partition(b"\r\n\r\n") for one in parts)
        ]
        assert [body.decode() for _, body in found] == [*paths, "/last"]
        assert all(head.partition(b"\r\n")[0] == body for head, body in found)

    async with guarded(app) as port:
        await asyncio.gather(*map(answers, range(0, 1000, 50)))
