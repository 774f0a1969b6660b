"""Notes for whoever may have to repeat the work at hand that db has stored something."""

import asyncio
from contextlib import AbstractContextManager
from types import TracebackType

from hookspecs import stored
from tools.db.contract import UnknownOutcomeError


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


def _note() -> None:
    if (notes := stored.get()) is not None:
        notes.append("db")
