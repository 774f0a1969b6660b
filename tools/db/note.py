"""Notes for whoever may repeat the work at hand, a request's or an event's, that db has stored something in it."""

import asyncio
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType

from hookspecs import stored
from tools.db.contract import UnknownOutcomeError

_has_stored: ContextVar[bool] = ContextVar("has_stored", default=False)


class _Noting:
    """A class of its own and no generator, which would cost each write a microsecond."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None or isinstance(error, asyncio.CancelledError | UnknownOutcomeError):
            _note()


_noting = _Noting()


def noting_what_is_stored() -> AbstractContextManager[None]:
    """Note it after the block; also where it was cut off, since nobody knows then. Any other error stored nothing."""
    return _noting


def has_stored() -> bool:
    """Whether something was stored before, in this request or event, or may have been."""
    return _has_stored.get()


def _note() -> None:
    _has_stored.set(True)
    if (notes := stored.get()) is not None:
        notes.append("db")
