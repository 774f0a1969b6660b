"""A project's migrations and a database to apply them to: the same on every engine."""

import argparse
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from hookspecs import Answer
from tools.db.contract import Migration, MigrationError
from tools.db.engines import engine_for
from tools.db.migrations.apply import Migrations
from tools.db.migrations.command import migrate_command
from tools.db.migrations.engine import MigrationEngine
from tools.db.migrations.files import found
from tools.db.settings import DbSettings


def plugin(owner: str, **steps: str) -> Answer:
    """What a plugin carries: `plugin("a.note", _001_note="CREATE TABLE ...")`."""
    carried = [Migration(name.removeprefix("_"), sql) for name, sql in steps.items()]
    return Answer(owner, f"domains/{owner.replace('.', '/plugins/')}.py", carried, None)


class Stage(ABC):
    """One database, which outlives any number of systems on it."""

    def __init__(self, root: Path, url: str) -> None:
        self.root, self.url = root, url

    @abstractmethod
    async def query(self, sql: str) -> list[dict[str, Any]]:
        """Ask the database behind the tool's back; what is written is committed."""

    @asynccontextmanager
    async def steps(self) -> AsyncIterator[MigrationEngine]:
        """Open the engine, and give its part in migrations."""
        engine = engine_for(msgspec.convert({"DATABASE_URL": self.url}, DbSettings))
        await engine.open()
        try:
            yield engine.steps()
        finally:
            await engine.close()

    def write(self, files: Mapping[str, str]) -> None:
        """Write `{"users/001_a": sql}` below `domains/`."""
        for name, sql in files.items():
            domain, _, file = name.partition("/")
            folder = self.root / "domains" / domain / "migrations"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{file}.sql").write_text(sql)

    def path(self, name: str) -> Path:
        return self.root / "domains" / f"{name.replace('/', '/migrations/', 1)}.sql"

    @asynccontextmanager
    async def migrations(self, files: Mapping[str, str] | None = None, *answers: Answer) -> AsyncIterator[Migrations]:
        self.write(files or {})
        async with self.steps() as steps:
            yield Migrations(steps, found(sorted((self.root / "domains").glob("*")), answers))

    async def apply(self, files: Mapping[str, str] | None = None, *answers: Answer) -> list[str]:
        """Apply what is pending of all that was written, and give the lines that were told."""
        told: list[str] = []
        async with self.migrations(files, *answers) as migrations:
            await migrations.apply(told.append)
        return told

    async def refusal(self, files: Mapping[str, str] | None = None, *answers: Answer) -> str:
        with pytest.raises(MigrationError) as caught:
            await self.apply(files, *answers)
        return str(caught.value)

    async def faults(self, files: Mapping[str, str]) -> list[str]:
        """Each fault of a refusal."""
        message = await self.refusal(files)
        return message.split("\n     - ")[1:] or [message]

    async def command(self, *arguments: str, files: Mapping[str, str] | None = None, plugins: Any = ()) -> int:
        """Run `migrate` with `arguments`, and answer with its exit code."""
        async with self.migrations(files, *plugins) as migrations:
            command = migrate_command(migrations)
            parser = argparse.ArgumentParser()
            command.arguments(parser)
            code = command.run(parser.parse_args(arguments))
            assert not isinstance(code, int)
            return await code

    async def ledger(self) -> list[str]:
        rows = await self.query("SELECT owner, name FROM _migrations ORDER BY applied_at_utc, owner, name")
        return [f"{row['owner']}/{row['name']}" for row in rows]

    async def tables(self) -> set[str]:
        async with self.steps() as steps:
            return {name for name in await steps.table_names() if not name.startswith("sqlite_")}


class SqliteStage(Stage):
    async def query(self, sql: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.root / "app.db")) as raw, raw:
            cursor = raw.execute(sql)
            return [dict(zip([one[0] for one in cursor.description or ()], row, strict=True)) for row in cursor]


class PostgresStage(Stage):
    async def query(self, sql: str) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.url)
        try:
            return [dict(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()
