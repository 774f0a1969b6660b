"""A `def` generator as an async one: each of its steps in the bounded pool, in one set of context variables."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextvars import copy_context
from typing import Any, TypeVar

from hookspecs import Refusal, Run

T = TypeVar("T")
END = object()
PAUSE_S, PATIENCE_S = 0.02, 10.0  # for a stream that is under way, and finds the pool full


async def pooled(items: Generator[T, None, None], run: Run) -> AsyncGenerator[T, None]:
    """Yield what a `def` generator yields, and close it where it was run.

    Raises:
        Refusal: the pool is full: at once for the first item, later after PATIENCE_S.
    """
    variables, patience_s = copy_context(), 0.0
    step: asyncio.Future[Any] | None = None
    try:
        while True:
            step = asyncio.ensure_future(_placed(run, patience_s, lambda: variables.run(next, items, END)))
            item = await asyncio.shield(step)
            if item is END:
                return
            yield item
            patience_s = PATIENCE_S
    finally:
        if step is not None and not step.done():
            await asyncio.wait({step})  # a thread cannot be stopped, and what runs cannot be closed
        if inspect.getgeneratorstate(items) == inspect.GEN_SUSPENDED:
            await _placed(run, PATIENCE_S, lambda: variables.run(items.close))


async def _placed(run: Run, patience_s: float, work: Callable[[], Any]) -> Any:
    """Run in the pool, wait for a place that long; a Refusal of the work's own is not the pool's."""

    def settled() -> tuple[Any, BaseException | None]:
        try:
            return work(), None
        except BaseException as error:
            return None, error

    time = asyncio.get_running_loop().time
    end_s = time() + patience_s
    while True:
        try:
            value, error = await run(settled)
            break
        except Refusal:
            if time() >= end_s:
                raise
        await asyncio.sleep(PAUSE_S)
    if error is None:
        return value
    raise error if isinstance(error, Exception) else RuntimeError(repr(error)) from error
