"""Notes for whoever may have to repeat the work at hand that db has stored something."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from hookspecs import stored
from tools.db.contract import UnknownOutcomeError


@contextmanager
def noting_what_is_stored() -> Iterator[None]:
    """Note it after the block; also where it was cut off, since nobody knows then. Any other error stored nothing."""
    try:
        yield
    except (asyncio.CancelledError, UnknownOutcomeError):
        _note()
        raise
    _note()


def _note() -> None:
    if (notes := stored.get()) is not None:
        notes.append("db")
