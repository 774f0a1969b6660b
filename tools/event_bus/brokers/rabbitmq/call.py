"""A call of the client that ends: it answers, fails or takes too long, and each of these is told apart."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_CANCELLED_WITHIN_S = 0.2


class CallError(Exception):
    """A call failed, or was not answered in time; its text names no URL."""


async def bounded(call: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Await a call in a task of its own: the client tells of a lost connection by a CancelledError, which is not ours.

    Raises:
        CallError: it failed, or there was no answer in time.
    """
    task = asyncio.create_task(call)
    task.add_done_callback(_read_error)
    try:
        await asyncio.wait({task}, timeout=timeout_s)
        if not task.done():
            raise CallError(f"no answer within {timeout_s:g} s")
    finally:
        if not task.done():
            task.cancel()
            # what does not end now waits for room to write, and ends with its connection
            await asyncio.wait({task}, timeout=_CANCELLED_WITHIN_S)
    return outcome(task)


def outcome(task: asyncio.Task[T]) -> T:
    """Read what a finished call came to.

    Raises:
        CallError: it failed.
    """
    if task.cancelled():
        raise CallError("the connection was lost")
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, CallError):
        raise error
    raise CallError(described(error)) from error


def described(error: BaseException) -> str:
    """Say what happened."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _read_error(task: asyncio.Task[T]) -> None:
    if not task.cancelled():
        task.exception()  # or asyncio logs that nobody did
