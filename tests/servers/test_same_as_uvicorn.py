"""Our protocol class answers whatever stock uvicorn answers, byte for byte: it is quicker, and nothing else."""

import asyncio
import random
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.servers.raw_client import read_all
from tools.http.serving.protocol import GuardedProtocol

SEEDS, AT_ONCE = 400, 8
METHODS = ("GET", "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PROPFIND")
PATHS = ("", "/a", "/%41%2f", "?x=1&y", "/?", "//b", "/%E4")
LINES = ("X-Foo: bar", "Accept: */*", "X-foo: BAZ", "User-Agent: t", "Cookie: a=b")
KINDS = ("whole", "whole", "whole", "unread", "late", "failed", "streamed", "parts", "broken", "closing", "empty",
         "none", "header", "lists", "silent", "longer", "shorter", "twice", "begun", "raised", "doubled")  # fmt: skip


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer in the way that the path names, rightly or wrongly."""
    kind = scope["path"].split("/")[1]
    body = b"" if kind == "unread" else await read(receive)
    text = repr((scope["method"], scope["path"], scope["raw_path"], scope["query_string"], scope["http_version"],
                 scope["headers"], body)).encode()  # fmt: skip
    length = (b"content-length", b"%d" % len(text))
    if kind == "late":
        await asyncio.sleep(0.002)
    if kind in ("failed", "silent"):
        assert kind == "silent"
        return
    heads: dict[str, Any] = {
        "streamed": [(b"x-a", b"b")], "closing": [length, (b"connection", b"close")], "empty": [], "broken": [],
        "none": [(b"content-length", b"0")], "header": [(b"x", b"a\r\nb"), length], "lists": [[*length]],
        "longer": [(b"content-length", b"1")], "shorter": [(b"content-length", b"99999")],
        "doubled": [length, (b"content-length", b"1")],
    }  # fmt: skip
    given = heads.get(kind, [length, (b"x-request-id", b"abc"), (b"Set-Cookie", b"a=b")])
    status = {"empty": 204, "whole": 201}.get(kind, 200)
    await send({"type": "http.response.start", "status": status, "headers": given})
    if kind == "twice":
        await send({"type": "http.response.start", "status": status, "headers": given})
    if kind in ("begun", "raised"):
        assert kind == "begun"
        return
    parts = [text[start : start + 50] for start in range(0, len(text), 50)] if kind == "streamed" else []
    parts = {"parts": [text[:7]], "broken": [text]}.get(kind, parts)
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    assert kind != "broken"
    rest = {"streamed": b"", "parts": text[7:], "empty": b"", "none": b""}.get(kind, text)
    await send({"type": "http.response.body", "body": rest})


async def read(receive: Any) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body + b" and then it left"
        body += message["body"]
        if not message["more_body"]:
            return body


def request(chance: random.Random, *, is_last: bool) -> bytes:
    """Write one request of many forms."""
    method, version = chance.choice(METHODS), chance.choice(["1.1"] * 8 + ["1.0"])
    lines, body = ["Host: h"], b""
    if method in ("POST", "PUT"):
        body = chance.randbytes(chance.choice([0, 1, 10, 500, 70_000]))
        if chance.random() < 0.3 and version == "1.1":
            lines.append("Transfer-Encoding: chunked")
            cuts = sorted(chance.randrange(len(body) + 1) for _ in range(3))
            pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
            body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"
        else:
            lines.append(f"Content-Length: {len(body)}")
    lines += [chance.choice(LINES) for _ in range(chance.randrange(4))]
    wish = chance.random()
    if is_last or wish < 0.3:
        lines.append("Connection: close" if is_last or wish < 0.05 else "Connection: keep-alive")
    chance.shuffle(lines)
    first = f"{method} /{chance.choice(KINDS)}{chance.choice(PATHS)} HTTP/{version}"
    return "\r\n".join((first, *lines, "", "")).encode() + body


async def answered(port: int, chunks: list[bytes]) -> bytes:
    """Send the chunks one after the other; give all that comes back, without what differs from second to second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reading = asyncio.ensure_future(read_all(reader, 5))
    try:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0)
    except OSError:
        pass  # it has closed, which is what it is compared by
    told = await reading
    writer.transport.abort()
    return re.sub(rb"date: [^\r]*\r\n", b"", told.received) + (b"" if told.is_closed else b" and it stays open")


@asynccontextmanager
async def served(protocol: Any, *, has_log: bool) -> AsyncIterator[int]:
    config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, access_log=has_log)
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await task


@pytest.mark.slow
@pytest.mark.parametrize("has_log", [False, True], ids=["no log", "access log"])
async def test_whatever_is_asked_and_however_it_arrives_the_answers_are_those_of_stock_uvicorn(
    caplog: pytest.LogCaptureFixture, has_log: bool
) -> None:
    async def compare(seed: int) -> None:
        async with gate:
            chance = random.Random(seed)
            count = chance.choice([1, 1, 1, 2, 3])
            data = b"".join(request(chance, is_last=index == count - 1) for index in range(count))
            cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice([0, 0, 0, 1, 3])))
            chunks = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
            expected, got = [await answered(port, chunks) for port in (stock, ours)]
            if got != expected:
                wrong.append((seed, data[:400], expected[:400], got[:400]))

    caplog.set_level("CRITICAL", "uvicorn.error")  # half of the apps are wrong on purpose
    caplog.set_level("INFO", "uvicorn.access")
    gate, wrong = asyncio.Semaphore(AT_ONCE), list[Any]()
    async with served(HttpToolsProtocol, has_log=has_log) as stock, served(GuardedProtocol, has_log=has_log) as ours:
        await asyncio.gather(*map(compare, range(SEEDS)))

    assert wrong == []
    told = Counter(one.getMessage().partition(" - ")[2] for one in caplog.records if one.name == "uvicorn.access")
    assert (len(told) > 100) is has_log
    assert [line for line, count in told.items() if count % 2] == []  # each line is told by both
