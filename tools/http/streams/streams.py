"""Generators on their way to clients: each runs in one task, from its first step to its last.

    handler called -> first chunk (an error until here is an ordinary answer) -> sent, chunk by chunk -> closed

What a generator opens it can close: its steps share one task and one set of context variables, so that a transaction or
a time-out inside it ends where it began. It is asked for the next item when the client's server took the last one.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from starlette.requests import ClientDisconnect

log = logging.getLogger(__name__)
GRACE_S = 1.0  # how long what was cancelled may take to clean up
TURN_S = 0.005  # a generator that never waits lets others run after this long

Chunk = Callable[[bytes], Awaitable[None]]


class Stream:
    """One generator, its chunks, and the client that it goes to."""

    def __init__(self, who: str, items: AsyncGenerator[Any, None], encode: Callable[[Any], bytes]) -> None:
        self.who, self._items, self._encode = who, items, encode
        self._loop = asyncio.get_running_loop()
        self._first: asyncio.Future[None] = self._loop.create_future()
        self._reader: asyncio.Future[Chunk] = self._loop.create_future()
        self._stop: asyncio.Future[None] = self._loop.create_future()
        self._is_closed = False
        self.task = asyncio.create_task(self._produce())

    @property
    def has_begun(self) -> bool:
        """Whether the first chunk is there, or the end."""
        return self._first.done() or self.task.done()

    async def begin(self, patience_s: float | None = None) -> None:
        """Wait for the first chunk, or the end; for at most this long.

        Raises:
            Exception: what the generator raised.
        """
        try:
            await asyncio.wait({self._first, self.task}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            await self.close()
            raise
        if self.task.done():
            self._result()

    async def opened_by(self, start: Awaitable[None]) -> None:
        """Await the start of the answer; without one nobody takes the rest."""
        try:
            await start
        except BaseException:
            await self.close()
            raise

    async def run(self, receive: Callable[[], Awaitable[Any]], write: Chunk) -> bool:
        """Write every chunk; answer with whether it came to its end, and was not stopped.

        Raises:
            ClientDisconnect: the client left.
            Exception: what the generator raised.
        """
        gone = asyncio.create_task(_gone(receive))
        self._reader.set_result(write)
        try:
            await asyncio.wait({self.task, gone, self._stop}, return_when=asyncio.FIRST_COMPLETED)
            if self.task.done():
                self._result()
                return True
            if gone.done():
                gone.result()
                raise ClientDisconnect
            return False
        finally:
            gone.cancel()
            await self.close()

    def stop(self) -> None:
        """Let `run` end, now or when it is called."""
        if not self._stop.done():
            self._stop.set_result(None)

    async def close(self) -> None:
        """Close the generator, in its own task; one that does not end is left behind, with a line in the log."""
        self._is_closed = True
        if self.task.done():
            return
        self.task.cancel()
        self.task.add_done_callback(self._closed)
        await asyncio.wait({self.task}, timeout=GRACE_S)
        if not self.task.done():
            log.warning("%s does not end %g s after its client: end it when it is cancelled", self.who, GRACE_S)

    def _result(self) -> None:
        if self.task.cancelled():  # by what it awaited: nobody cancels this request
            raise RuntimeError(f"{self.who} was cancelled by what it awaited")
        self.task.result()

    def _closed(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, ClientDisconnect):
            log.error("%s failed while it was closed", self.who, exc_info=error)

    async def _produce(self) -> None:
        turn_s = self._loop.time()
        try:
            async with aclosing(self._items) as items:
                async for item in items:
                    if self._is_closed:  # it swallowed its cancellation
                        return
                    await self._pass_on(self._encode(item))
                    if self._loop.time() - turn_s > TURN_S:
                        await asyncio.sleep(0)
                        turn_s = self._loop.time()
        except SystemExit as error:  # asyncio would end the whole process
            raise RuntimeError(repr(error)) from error

    async def _pass_on(self, chunk: bytes) -> None:
        if not self._first.done():
            self._first.set_result(None)
        write = await self._reader
        if not chunk:
            return
        try:
            await write(chunk)
        except OSError as error:
            raise ClientDisconnect from error


class Streams:
    """The streams that are open now."""

    def __init__(self) -> None:
        self._open: dict[Stream, bool] = {}
        self.is_ending = False

    def start(
        self, who: str, items: AsyncGenerator[Any, None], encode: Callable[[Any], bytes], *, is_endless: bool = False
    ) -> Stream:
        """Start a generator; an endless one is a stream of events, of which no client waits for the end."""
        stream = Stream(who, items, encode)
        self._open[stream] = is_endless
        stream.task.add_done_callback(lambda _: self._open.pop(stream, None))
        if self.is_ending and is_endless:
            stream.stop()
        return stream

    def end_events(self) -> None:
        """End what has no end, since the server waits for it: the server was told to stop."""
        self.is_ending = True
        for stream in [one for one, is_endless in self._open.items() if is_endless]:
            stream.stop()

    async def close_all(self) -> None:
        """End every stream, and wait until its generator is closed."""
        self.is_ending = True
        streams = list(self._open)
        for stream in streams:
            stream.stop()
        await asyncio.gather(*(stream.close() for stream in streams))


async def _gone(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
