"""What db has stored is noted for whoever may have to repeat the work around it, and what it has not is not."""

import asyncio
from typing import Any

import pytest

from hookspecs import stored
from tests.tools.db.torture.workload import SCHEMA, WRITES, Write
from tools.db.contract import ForeignKeyError, UniqueError


@pytest.fixture
async def tables(db: Any) -> Any:
    for statement in SCHEMA:
        await db.execute(statement)
    await db.execute("CREATE TABLE child (n INTEGER REFERENCES singles(n) DEFERRABLE INITIALLY DEFERRED)")
    return db


def noted() -> list[str]:
    """Begin to note, here and in the tasks made from here."""
    notes = list[str]()
    stored.set(notes)
    return notes


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
async def test_each_kind_of_write_is_noted_once_it_is_stored(tables: Any, write: Write) -> None:
    notes = noted()

    await write(tables, 1)

    assert notes == ["db"]


async def test_what_was_only_read_undone_or_refused_is_not_noted(tables: Any) -> None:
    await WRITES[0](tables, 1)
    notes = noted()

    await tables.query("SELECT n FROM singles")
    with pytest.raises(UniqueError):
        await tables.execute("INSERT INTO singles (n) VALUES (1)")
    with pytest.raises(ZeroDivisionError):
        async with tables.transaction():
            await tables.execute("INSERT INTO singles (n) VALUES (2)")
            raise ZeroDivisionError
    with pytest.raises(ForeignKeyError):
        async with tables.transaction():
            await tables.execute("INSERT INTO child (n) VALUES (99)")

    assert notes == []


async def test_a_commit_that_a_cancellation_overtakes_is_noted_as_it_ended(tables: Any) -> None:
    notes = noted()

    async def work() -> None:
        async with tables.transaction():
            await tables.execute("INSERT INTO singles (n) VALUES (1)")
            asyncio.get_running_loop().call_soon(task.cancel)

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task

    assert notes == ["db"] * len(await tables.query("SELECT n FROM singles"))
