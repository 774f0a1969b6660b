"""`async with db.transaction():` finds the unit around it, and what waits for its commit."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from tools.db.engine import Engine, Isolation
from tools.db.unit import Unit

log = logging.getLogger(__name__)

Callback = Callable[[], Awaitable[None] | None]
Current = ContextVar[Unit | None]


class Transaction:
    """One block: the unit is found by a context variable, so tasks started inside it share it."""

    def __init__(self, engine: Engine, current: Current, isolation: Isolation = "snapshot") -> None:
        self._engine, self._current, self._isolation = engine, current, isolation
        self._outer: Unit | None = None
        self._unit: Unit | None = None

    async def __aenter__(self) -> None:
        self._outer = self._current.get()
        unit = Unit(self._engine, self._outer, self._isolation)
        await unit.begin()
        self._unit = unit
        self._current.set(unit)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        unit, self._unit = self._unit, None
        assert unit is not None, "a transaction is entered once, and left once"
        self._current.set(self._outer)
        is_kept, cancelled = await unit.end(is_kept=kind is None)
        if is_kept and self._outer:
            self._outer.callbacks += unit.callbacks
        elif is_kept:
            cancelled = await _call_all(unit.callbacks) or cancelled
        if cancelled:
            raise cancelled


async def _call_all(callbacks: list[Callback]) -> asyncio.CancelledError | None:
    """Call each; a cancellation ends the one that it hits, and is passed on after the last."""
    cancelled = None
    for callback in callbacks:
        try:
            if (answer := called(callback)) is not None:
                await answer
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


def called(callback: Callback) -> Coroutine[Any, Any, None] | None:
    """Call what waited for a commit, and give what is still to be awaited.

    Its error is logged: it is no reason to tell the caller that nothing was stored.
    """
    try:
        answer = callback()
    except Exception:
        log.exception("db: %r failed after the commit", callback)
        return None
    return _awaited(answer, callback) if inspect.isawaitable(answer) else None


async def _awaited(answer: Awaitable[None], callback: Callback) -> None:
    try:
        await answer
    except Exception:
        log.exception("db: %r failed after the commit", callback)
