"""Requests: one responder an event, one answer a request."""

import asyncio
from collections.abc import Generator
from contextvars import Context
from typing import Any, Self

import msgspec

from hookspecs import Refusal
from tools.event_bus.callback import Callback
from tools.event_bus.contract import NobodyRepliesError, ReplyError, RequestTimeoutError
from tools.event_bus.message import Message, encode


class Responder:
    """Who replies to `event`."""

    def __init__(self, event: str, callback: Callback) -> None:
        self.event, self.callback, self.name = event, callback, callback.name

    def __await__(self) -> Generator[Any, None, Self]:
        yield from ()
        return self


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
        work = asyncio.create_task(_answer(responder, message), context=Context())
        self.under_way.add(work)
        work.add_done_callback(self.under_way.discard)
        try:
            # Not `timeout`: a responder that swallows its cancellation would keep the one who asks.
            await asyncio.wait({work}, timeout=timeout_s)
        finally:
            work.cancel()
        if not work.done():
            raise RequestTimeoutError(message.event, responder.name, timeout_s)
        return _opened(work.result(), responder, into)


async def _answer(responder: Responder, message: Message) -> bytes | BaseException:
    try:
        return encode(await responder.callback.call(message, 1, None))
    except BaseException as error:
        return error


def _opened(answer: bytes | BaseException, responder: Responder, into: Any) -> Any:
    try:
        if isinstance(answer, BaseException):
            raise answer
        return msgspec.json.decode(answer, type=into)
    except Refusal:
        raise
    except BaseException as error:
        raise ReplyError(responder.event, responder.name, f"{type(error).__name__}: {error}") from error
