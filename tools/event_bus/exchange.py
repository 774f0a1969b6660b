"""Requests: one responder an event, one answer a request."""

import asyncio
from collections.abc import Generator
from contextvars import Context
from functools import partial
from typing import Any, Self

import msgspec

from hookspecs import Refusal, Run
from tools.event_bus.callback import Begun, Callback
from tools.event_bus.contract import NobodyRepliesError, ReplyError, RequestTimeoutError
from tools.event_bus.message import Message, encode
from tools.event_bus.verdict import said

LAST_WORDS_S = 0.5  # for responders that were cancelled at shutdown


class Responder:
    """Who replies to `event`."""

    def __init__(self, event: str, callback: Callback, run: Run) -> None:
        self.event, self.callback, self.run, self.name = event, callback, run, callback.name

    def __await__(self) -> Generator[Any, None, Self]:
        yield from ()
        return self

    async def answer(self, message: Message) -> bytes | BaseException:
        """Make the answer, or give the error."""
        try:
            begun = self.callback.begin(message, 1, self.run)
            return encode(await self.callback.finish(begun, None) if type(begun) is Begun else begun)
        except BaseException as error:
            return error


class Exchange:
    """Holds the responders, and the answers that are being made."""

    def __init__(self) -> None:
        self.responders: dict[str, Responder] = {}
        self.under_way: set[asyncio.Task[bytes | BaseException]] = set()

    def add(self, responder: Responder) -> None:
        """Register a responder.

        Raises:
            ValueError: there is one.
        """
        there = self.responders.setdefault(responder.event, responder)
        if there is not responder:
            raise ValueError(
                f"{responder.name} cannot reply to {responder.event!r}, as {there.name} does: remove one of the two"
            )

    def remove(self, responder: Responder) -> None:
        """Undo `add`; a responder that was refused takes nobody else's place away."""
        if self.responders.get(responder.event) is responder:
            del self.responders[responder.event]

    async def ask(self, message: Message, timeout_s: float, into: Any) -> Any:
        """Get the answer to a request; see `EventBus.request` for what it raises."""
        responder = self.responders.get(message.event)
        if responder is None:
            raise NobodyRepliesError(message.event)
        loop = asyncio.get_running_loop()
        work = loop.create_task(responder.answer(message), context=Context())
        self.under_way.add(work)
        # Not `asyncio.timeout`: a responder that swallows its cancellation would keep the one who asks. Nor
        # `asyncio.wait`, which does the same as these lines in twice the time.
        ended = loop.create_future()
        late = loop.call_later(timeout_s, _end, ended)
        work.add_done_callback(partial(self._done, ended))
        try:
            await ended
        finally:
            late.cancel()
            if not work.done():
                work.cancel()
        if not work.done():
            raise RequestTimeoutError(message.event, responder.name, timeout_s)
        return _opened(work.result(), responder, into)

    async def drained(self) -> None:
        """Wait for the answers that are being made."""
        if self.under_way:
            await asyncio.wait(self.under_way)

    async def close(self) -> None:
        """Cancel what is being made."""
        for answer in self.under_way:
            answer.cancel()
        if self.under_way:
            await asyncio.wait(self.under_way, timeout=LAST_WORDS_S)

    def _done(self, ended: asyncio.Future[None], work: asyncio.Task[bytes | BaseException]) -> None:
        self.under_way.discard(work)
        _end(ended)


def _end(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


def _opened(answer: bytes | BaseException, responder: Responder, into: Any) -> Any:
    try:
        if isinstance(answer, BaseException):
            raise answer
        return msgspec.json.decode(answer, type=into)
    except Refusal:
        raise
    except BaseException as error:
        raise ReplyError(responder.event, responder.name, said(error)) from error
