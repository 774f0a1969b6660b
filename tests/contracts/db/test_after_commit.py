"""What waits for a commit is called once it is stored, and never if it is not."""

import asyncio

import pytest

from tests.contracts.db.people import add, emails
from tools.db.contract import Db, UniqueError, UnitClosedError


async def test_after_commit_waits_for_the_commit(db: Db) -> None:
    calls: list[str] = []

    async def later() -> None:
        calls.append(f"async, {len(await emails(db))} stored")

    async with db.transaction():
        await add(db, "a")
        db.after_commit(lambda: calls.append("plain"))
        db.after_commit(later)
        assert calls == []

    assert calls == ["plain", "async, 1 stored"]


async def test_after_commit_is_dropped_with_what_is_undone(db: Db) -> None:
    calls: list[str] = []

    async with db.transaction():
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                db.after_commit(lambda: calls.append("undone"))
                raise ZeroDivisionError
        async with db.transaction():
            db.after_commit(lambda: calls.append("inner"))
        assert calls == []

    assert calls == ["inner"]


async def test_after_commit_is_called_at_once_where_there_is_no_transaction(db: Db) -> None:
    calls: list[str] = []
    done = asyncio.Event()

    async def later() -> None:
        done.set()

    db.after_commit(lambda: calls.append("now"))
    db.after_commit(later)

    assert calls == ["now"]
    await done.wait()


async def test_an_error_after_the_commit_is_logged_and_stops_nothing(db: Db, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[str] = []

    def fails() -> None:
        raise ZeroDivisionError

    async with db.transaction():
        await add(db, "a")
        db.after_commit(fails)
        db.after_commit(lambda: calls.append("next"))

    assert (calls, await emails(db)) == (["next"], ["a"])
    assert "failed after the commit" in caplog.text


async def test_a_cancel_while_it_commits_still_calls_after_commit(db: Db) -> None:
    calls: list[str] = []

    async def work() -> None:
        async with db.transaction():
            await add(db, "a")
            db.after_commit(lambda: calls.append("stored"))
            asyncio.get_running_loop().call_soon(task.cancel)  # the next await is that of the COMMIT

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (calls, await emails(db)) == (["stored"], ["a"])


async def test_after_commit_is_not_called_where_the_transaction_failed(db: Db) -> None:
    calls: list[str] = []
    await add(db, "a")

    with pytest.raises(UnitClosedError):
        async with db.transaction():
            db.after_commit(lambda: calls.append("stored"))
            with pytest.raises(UniqueError):
                await add(db, "a")

    assert calls == []
