"""A database whose COMMITs are counted, and can be made to fail."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tools.db.group_commit.sharing import Disk, nap
from tests.tools.db.standing import sqlite_of, standing
from tools.db.database import Database


@pytest.fixture
async def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: connect(path, **{**how, "factory": Disk}))
    monkeypatch.setattr(Disk, "fault", "")
    async with standing(tmp_path / "app.db", DB_WAIT_TIMEOUT_S=5, DB_TIMEOUT_S=0.3) as db:
        await db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)")
        await db.execute("CREATE TABLE child (note INTEGER REFERENCES notes(id) DEFERRABLE INITIALLY DEFERRED)")
        await sqlite_of(db).writer.run(lambda raw: raw.create_function("nap", 1, nap))
        monkeypatch.setattr(Disk, "commits", 0)
        yield db
