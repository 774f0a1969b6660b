"""What the server's side remembers of the heads that it has seen is little, whatever clients and apps send."""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from tests.servers.raw_client import get, talk
from tests.tools.http.guarded import App, answer, guarded

HEADS, MOST_BYTES = 100, 2_500_000
SENT = {  # names of the n-th head
    "one long name": lambda number: [b"X%05d" % number * 10_000],
    "many short names": lambda number: [b"x%x" % (number * 10_000 + place) for place in range(6_000)],
    "within all limits": lambda number: [b"X-%05d-%02d-" % (number, place) + b"a" * 300 for place in range(90)],
}


@pytest.mark.parametrize("names", SENT.values(), ids=SENT)
async def test_heads_of_ever_new_names_are_not_kept(names: Callable[[int], list[bytes]]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"ok", (b"connection", b"close"))

    def head(number: int) -> bytes:
        lines = [name + b":\r\n" for name in names(number)]
        return b"".join((b"GET / HTTP/1.1\r\nHost: a\r\n", *lines, b"\r\n"))

    assert await kept_bytes(app, head) < MOST_BYTES


async def test_headers_of_ever_new_values_in_answers_are_not_kept() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"ok", (b"link", scope["query_string"] * 4_000))

    def head(number: int) -> bytes:
        first = b"GET /?%08d HTTP/1.1\r\nHost: a\r\n\r\n" % number
        return first + get("/", "Connection: close")

    assert await kept_bytes(app, head) < MOST_BYTES


async def kept_bytes(app: App, head: Callable[[int], bytes]) -> int:
    async with guarded(app) as port:
        await talk(port, head(0))
        tracemalloc.start()
        try:
            ends = [(await talk(port, head(number))).is_closed for number in range(1, HEADS)]
            gc.collect()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert all(ends)
    return kept
