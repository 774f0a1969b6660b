"""An ASGI app driven in this process: its lifespan, one checked answer, and what many answers cost."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from time import process_time
from typing import Any

from benchmarks.http_tables.scenario import Request

CHUNK = 256
SLICE_S = 0.03
MIN_REQUESTS, MAX_REQUESTS = 16, 32 * CHUNK


async def discard(message: dict[str, Any]) -> None:
    """Take a message of the app."""


@asynccontextmanager
async def living(app: Any) -> AsyncIterator[None]:
    """Run the app's lifespan, if it has one.

    Raises:
        RuntimeError: the app did not start.
    """
    asked, told = asyncio.Queue[dict[str, Any]](), asyncio.Queue[dict[str, Any]]()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}

    async def lived() -> None:
        await app(scope, asked.get, told.put)

    life = asyncio.create_task(lived())
    started = asyncio.create_task(told.get())
    asked.put_nowait({"type": "lifespan.startup"})
    await asyncio.wait({life, started}, return_when=asyncio.FIRST_COMPLETED)
    has_life = started.done()
    if has_life and started.result()["type"] != "lifespan.startup.complete":
        raise RuntimeError(f"{app!r} did not start: {started.result()}")
    try:
        yield
    finally:
        started.cancel()
        asked.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.gather(life, return_exceptions=True)


async def check(who: str, app: Any, request: Request) -> None:
    """Ask once.

    Raises:
        ValueError: the answer is not the right one.
    """
    request.check(who, *await answered(app, request))


async def check_refused(who: str, app: Any, requests: Sequence[Request]) -> None:
    """Ask what must not be served: whoever does not validate is not measured.

    Raises:
        ValueError: it is served.
    """
    for request in requests:
        status, _, _ = await answered(app, request)
        if not 400 <= status < 500:
            raise ValueError(f"{who} answers {request.method} {request.path} {request.body!r} with {status}: refuse it")


async def answered(app: Any, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Ask once, and answer with status, headers and body."""
    sent = list[dict[str, Any]]()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(*request.call(), send)
    named = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], named, b"".join(one.get("body", b"") for one in sent[1:])


async def cost_s(app: Any, requests: list[Request]) -> float:
    """Answer with the processor time of these requests; their scopes are made before the clock runs."""
    calls = [request.call() for request in requests]
    started = process_time()
    for scope, receive in calls:
        await app(scope, receive, discard)
    await asyncio.sleep(0)  # what the app left to the loop, such as cancelled timers
    return process_time() - started


class Sampler:
    """Costs of one kind of request to one app, each sample over about SLICE_S."""

    def __init__(self, app: Any, make: Callable[[int], Request]) -> None:
        self._app, self._make = app, make
        self._asked, self._size = 0, MIN_REQUESTS

    async def warm(self) -> None:
        """Warm up the code, and find how many requests a sample takes."""
        await cost_s(self._app, self._next(MIN_REQUESTS))
        each_s = await cost_s(self._app, self._next(MIN_REQUESTS)) / MIN_REQUESTS
        self._size = max(MIN_REQUESTS, min(MAX_REQUESTS, int(SLICE_S / each_s)))
        await self.sample_us()

    async def sample_us(self) -> float:
        """Measure one request, in microseconds of processor time."""
        gc.collect()
        gc.freeze()  # what was there before is no request's garbage
        left, spent_s = self._size, 0.0
        while left:
            count = min(left, CHUNK)
            spent_s += await cost_s(self._app, self._next(count))
            left -= count
        return spent_s / self._size * 1e6

    def _next(self, count: int) -> list[Request]:
        self._asked += count
        return [self._make(number) for number in range(self._asked - count, self._asked)]
