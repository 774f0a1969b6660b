"""Where the `def` of one subscription runs: a call that timed out keeps its thread, and the next one waits for it."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from hookspecs import Run


class OneThread:
    """A `run` that takes one thread of the shared pool at most, as long as nobody calls it while `is_taken`."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._call: asyncio.Future[tuple[Any]] | None = None

    @property
    def is_taken(self) -> bool:
        """Say whether the last call's thread still runs."""
        return self._call is not None and not self._call.done()

    async def run(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """See `hookspecs.Run`; when it is cancelled, what the thread answers later is dropped."""
        self._call = call = asyncio.ensure_future(self._run(_boxed, function, *args))
        try:
            await asyncio.wait({call})  # it does not cancel what it waits for
        except BaseException:
            call.add_done_callback(_drop)
            raise
        (answer,) = call.result()
        return await answer if inspect.isawaitable(answer) else answer

    async def free(self) -> None:
        """Wait until the last call's thread has ended."""
        if self._call is not None:
            await asyncio.wait({self._call})


def _boxed(function: Callable[..., Any], /, *args: Any) -> tuple[Any]:
    """Keep an awaitable answer from being awaited where the time-out does not reach it."""
    return (function(*args),)


def _drop(call: asyncio.Future[tuple[Any]]) -> None:
    if call.cancelled() or call.exception() is not None:  # asking for the error keeps asyncio from logging it
        return
    (answer,) = call.result()
    if inspect.iscoroutine(answer):
        answer.close()
