"""Waiting that nothing is lost by: for one's turn, and for what has to be done to its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from tools.db.contract import Unavailable

T = TypeVar("T")


async def settle(task: asyncio.Future[T]) -> asyncio.CancelledError | None:
    """Wait until `task` is done, whoever cancels; answers with the cancellation that came meanwhile."""
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


async def take_turn(lock: asyncio.Lock, wait_s: float) -> None:
    """Acquire `lock`, in the order of asking.

    Raises:
        Unavailable: the turn did not come within `wait_s`.
    """
    try:
        async with asyncio.timeout(wait_s):
            await lock.acquire()
    except TimeoutError:
        raise Unavailable(f"the turn did not come within {wait_s:g} s") from None


@asynccontextmanager
async def turn(lock: asyncio.Lock, wait_s: float) -> AsyncIterator[None]:
    """Hold `lock` for a block."""
    await take_turn(lock, wait_s)
    try:
        yield
    finally:
        lock.release()
