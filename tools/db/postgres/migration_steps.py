"""Migrations on PostgreSQL: one connection with the advisory lock, each file one transaction, DDL included.

connect -> pg_try_advisory_lock, again and again -> each file: BEGIN, statements, ledger, COMMIT -> disconnect
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import islice

import asyncpg

from tools.db.contract import MigrationError, Unavailable
from tools.db.migrations.engine import LEDGER, Applied, IsPending, Say, Step, failed
from tools.db.migrations.files import MigrationFile
from tools.db.postgres.ddl import is_ddl, translated
from tools.db.postgres.not_portable import not_portable
from tools.db.postgres.script import statements
from tools.db.tokens import Token, tokens

_LOCK = int.from_bytes(b"migrate!")
"""One for each database: PostgreSQL keeps advisory locks apart by database."""
_TRY_EVERY_S = 0.1
_CLOSE_TIMEOUT_S = 5.0
_SESSION = (
    "client_min_messages = warning",
    "statement_timeout = 0",
    "transaction_timeout = 0",
    "idle_in_transaction_session_timeout = 0",
    "client_connection_check_interval = '1s'",
    "tcp_keepalives_idle = 15",
    "tcp_keepalives_interval = 5",
    "tcp_keepalives_count = 3",
)
"""The last four: else the server would go on with a statement, and keep the lock, long after a process was killed."""
_HOLDER = """
    SELECT a.application_name || ', backend ' || l.pid || ', connected since ' ||
        extract(epoch FROM now() - a.backend_start)::int || ' s'
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_HEAD = 8
"""Tokens that tell what a statement is: of one with a million rows the others need no look."""
_NOTE = "INSERT INTO _migrations (owner, name, checksum, applied_at_utc, tables) VALUES ($1, $2, $3, $4, $5)"
_CATCH_UP = """
    WITH filled AS MATERIALIZED (
        SELECT attrelid::regclass::text AS name, attname FROM pg_attribute
        WHERE attidentity != '' AND pg_stat_get_xact_tuples_inserted(attrelid) > 0)
    SELECT format('SELECT setval(%L, max(%I)) FROM %s HAVING max(%I) >= (SELECT last_value FROM %s)',
        sequence, attname, name, attname, sequence)
    FROM filled, pg_get_serial_sequence(name, attname) AS sequence
"""
"""Statements that move the sequences of the tables that this transaction put rows into."""
_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)

Connect = Callable[[], Awaitable[asyncpg.Connection]]


class PostgresSteps:
    """`MigrationEngine` on connections of its own; `connect` gives one without a time limit for commands.

    The lock is tried for, not waited for: CREATE INDEX CONCURRENTLY waits for every statement that runs, and one that
    waits for the lock would wait for it in turn.
    """

    name = "postgresql"

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._locked: asyncpg.Connection | None = None
        self._session = ""

    def statements(self, sql: str) -> Iterator[tuple[int, str]]:
        return statements(sql)

    def refusals(self, step: Step) -> Iterator[str]:
        file = step.file
        for line, text in step.statements:
            parts = list(tokens(text, "postgresql") if is_ddl(text) else islice(tokens(text, "postgresql"), _HEAD))
            if file.headers.is_transaction and (what := _outside(parts)):
                yield f"{file.file}:{line} has {what}: give it a file of its own that says `-- transaction: none`"
            for part, problem in not_portable(parts) if not file.headers.engine else ():
                yield f"{file.file}:{line + text.count(chr(10), 0, part.end - len(part.text))} {problem}"

    async def applied(self) -> list[Applied]:
        async with self._connected() as connection:
            return await _applied(connection)

    async def table_names(self) -> set[str]:
        async with self._connected() as connection:
            rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        return {row["tablename"] for row in rows}

    @asynccontextmanager
    async def locked(self, say: Say) -> AsyncIterator[None]:
        async with self._connected() as connection:
            self._session = await _introduced(connection)
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                holder = await connection.fetchval(_HOLDER, _LOCK >> 32, _LOCK & 0xFFFFFFFF)
                say(f"waiting for the lock of migrations, which is with {holder or 'one that just left'}")
                await asyncio.sleep(_TRY_EVERY_S)
            self._locked = connection
            try:
                yield
            finally:
                self._locked = None  # the lock, and a transaction left open, end with the connection

    async def run(self, step: Step, is_pending: IsPending, say: Say) -> bool:
        connection = self._locked
        assert connection is not None, "steps run inside of locked()"
        try:
            await connection.execute(self._session)  # what the step before set is gone
            return await _run(connection, step, is_pending)
        except _LOST as error:
            raise MigrationError(
                f"{step.file.file} lost its connection, and what was not committed is rolled back: {_said(error)}: "
                "once the server is back, run `python -m manifest migrate`"
            ) from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        """Give the connection that has the lock, or else one for the block alone."""
        if self._locked is not None:
            yield self._locked
            return
        try:
            connection = await self._connect()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unavailable(f"migrations could not connect: {_said(error)}") from error
        try:
            yield connection
        except _LOST as error:
            raise Unavailable(f"migrations lost their connection: {_said(error)}") from error
        finally:
            await _closed(connection)


async def _run(connection: asyncpg.Connection, step: Step, is_pending: IsPending) -> bool:
    """What is begun and not committed ends with the connection: `locked` closes it whatever is raised."""
    is_transaction = step.file.headers.is_transaction
    await connection.execute(LEDGER)
    if not is_pending(await _applied(connection, step.file.owner)):
        return False
    if is_transaction:
        await connection.execute("BEGIN")
    for line, sql in step.statements:
        await _run_one(connection, sql, step.file, line)
    if is_transaction and step.statements:
        for (query,) in await connection.fetch(_CATCH_UP) if not all(is_ddl(sql) for _, sql in step.statements) else ():
            await connection.execute(query)
        await _run_one(connection, "SET CONSTRAINTS ALL IMMEDIATE", step.file, step.statements[-1][0])
    await connection.execute("RESET ALL")  # a search_path that the file set is not the ledger's
    await connection.execute(_NOTE, *step.ledger_row())
    if is_transaction:
        await connection.execute("COMMIT")
    return True


async def _run_one(connection: asyncpg.Connection, sql: str, file: MigrationFile, line: int) -> None:
    text = sql if file.headers.engine else translated(sql)
    try:
        await connection.execute(text)
    except _LOST:
        raise
    except asyncpg.PostgresError as error:
        place = int(getattr(error, "position", None) or 1)
        raise failed(file, line + text.count("\n", 0, place - 1), _said(error), "postgresql") from error


async def _introduced(connection: asyncpg.Connection) -> str:
    """Tell the server, and so whoever waits for the lock, who this is; it may take its time, but not outlive us.

    Returns:
        The statements that did so.
    """
    who = f"migrations of {socket.gethostname()[:40]}:{os.getpid()}".replace("'", "")
    done = []
    for setting in (f"application_name = '{who}'", *_SESSION):
        with suppress(asyncpg.PostgresError):  # not every server, on every system, has each
            await connection.execute(f"SET {setting}")
            done.append(f"SET {setting}")
    return "; ".join(done)


async def _applied(connection: asyncpg.Connection, owner: str | None = None) -> list[Applied]:
    """Read the ledger, or the rows of one owner."""
    if await connection.fetchval("SELECT to_regclass('_migrations')") is None:
        return []
    query = "SELECT * FROM _migrations WHERE $1::text IS NULL OR owner = $1 ORDER BY applied_at_utc, owner, name"
    return [Applied.of(dict(row)) for row in await connection.fetch(query, owner)]


async def _closed(connection: asyncpg.Connection) -> None:
    """Disconnect, whoever cancels; a server that does not answer is left."""
    task = asyncio.ensure_future(connection.close(timeout=_CLOSE_TIMEOUT_S))
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if task.cancelled() or task.exception() is not None:
        connection.terminate()
    if cancelled is not None:
        raise cancelled


def _said(error: BaseException) -> str:
    """What the server said, with its detail and its hint."""
    more = [getattr(error, name, None) for name in ("detail", "hint")]
    return " ".join([str(error).partition("\n")[0] or type(error).__name__, *(f"({text})" for text in more if text)])


def _outside(parts: Sequence[Token]) -> str:
    """What of a statement PostgreSQL runs outside of a transaction only; an empty text for nothing."""
    words = [part.text.upper() for part in parts if part.kind == "word"]
    if words[:1] in (["CREATE"], ["DROP"], ["REINDEX"], ["ALTER"]) and "CONCURRENTLY" in words[:8]:
        return f"{words[0]} ... CONCURRENTLY, which no transaction may hold"
    if words[:1] == ["VACUUM"] or words[:2] in (["CREATE", "DATABASE"], ["DROP", "DATABASE"], ["ALTER", "SYSTEM"]):
        return f"{' '.join(words[:2])}, which no transaction may hold"
    return ""
