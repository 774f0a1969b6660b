"""What a plugin calls, and the hook by which it is asked."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar, overload

from hookspecs import hookspec
from tools.db.contract.schema import Migration, Table


class CoreStatement(Protocol):
    """A SQLAlchemy Core statement: anything that compiles."""

    def compile(self, *args: Any, **kwargs: Any) -> Any:
        """Compile for a dialect."""
        ...


Row = TypeVar("Row")
Sql = str | CoreStatement
Params = Sequence[Any] | Mapping[str, Any] | None


@hookspec
def register_migrations() -> Iterable[Migration]:  # type: ignore[empty-body]
    """Plugin, while db boots: carry the tables of the feature, checksummed like files in `migrations/`."""


class Opened(Protocol):
    """What plugins call that build on the database."""

    @property
    def dialect(self) -> str:
        """Name the engine: `sqlite` or `postgresql`."""
        ...

    def after_commit(self, callback: Callable[[], Awaitable[None] | None]) -> None:
        """Call `callback` once the current transaction is stored, never if it is not, at once where there is none.

        An error in it is logged: what is stored stays so.
        """
        ...

    async def describe_schema(self) -> list[Table]:
        """List the application's tables by name, but for those that start with `_`."""
        ...


class Db(Opened, Protocol):
    """A relational database, SQLite or PostgreSQL; `?` and a tuple, or `:name` and a dict.

    `sql` is one statement, as text or of SQLAlchemy Core. Parameters: `?` and a tuple or list, or `:name` and a dict; a
    missing and a spare one are refused. What stands in literals, quotes and comments is none, nor are `::`, `->>`, `@>`
    and `%`; PostgreSQL's operators `?`, `?|` and `?&` are written `??`, `??|` and `??&`.

    Columns of INTEGER, REAL, DECIMAL, BOOLEAN, TEXT, BLOB, DATE, TIME, TIMESTAMP, UUID and JSON give back what went in:
    int, float, Decimal (SQLite keeps it as a REAL, of 15 digits), bool, str, bytes, date, time, datetime, UUID, and
    dict or list. A datetime has a zone, and comes back in UTC. An Enum goes in as its value, a Struct as JSON. `into=`
    a Struct checks and converts each row.
    """

    @overload
    async def query(self, sql: Sql, params: Params = None, *, into: None = None) -> list[dict[str, Any]]: ...
    @overload
    async def query(self, sql: Sql, params: Params = None, *, into: type[Row]) -> list[Row]: ...
    async def query(self, sql: Sql, params: Params = None, *, into: type | None = None) -> list[Any]:
        """Read rows; dicts, or `into` Structs; RETURNING too.

        INSERT, UPDATE or DELETE with RETURNING belongs here too, and is stored.

        Raises:
            ParameterError: parameters that do not fit the statement.
            DbError: every other refusal; the module's docstring has the kinds.
        """
        ...

    @overload
    async def query_one(self, sql: Sql, params: Params = None, *, into: None = None) -> dict[str, Any] | Any: ...
    @overload
    async def query_one(self, sql: Sql, params: Params = None, *, into: type[Row]) -> Row | Any: ...
    async def query_one(self, sql: Sql, params: Params = None, *, into: type | None = None) -> Any:
        """Read the first row; or None.

        `| Any` lets a type checker accept a row that is always there, as that of INSERT ... RETURNING; where it may be
        missing, annotate it: `user: User | None = await ...`.

        Raises:
            DbError: as `query`.
        """
        ...

    async def execute(self, sql: Sql, params: Params = None) -> int | None:
        """Change rows; the new key of an INSERT, else the number of rows.

        Returns:
            For an INSERT into a table with a one-column integer primary key: the key of the last row inserted (or
            updated, with ON CONFLICT DO UPDATE), None if there was none. Otherwise the number of rows changed.

        Raises:
            DbError: as `query`; for a statement with RETURNING too, which belongs to `query_one`.
        """
        ...

    async def execute_many(self, sql: Sql, rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> int:
        """Run one statement for each of `rows`, all or none.

        Raises:
            DbError: as `execute`; then nothing is stored.
        """
        ...

    @overload
    def stream(self, sql: Sql, params: Params = None, *, into: None = None) -> AsyncGenerator[dict[str, Any], None]: ...
    @overload
    def stream(self, sql: Sql, params: Params = None, *, into: type[Row]) -> AsyncGenerator[Row, None]: ...
    def stream(self, sql: Sql, params: Params = None, *, into: type | None = None) -> AsyncGenerator[Any, None]:
        """Read rows some at a time, for results that memory should not hold; `async for`.

        Leaving the loop early closes the cursor; `contextlib.aclosing` does so at once. At most DB_STREAMS are open.

        Raises:
            DbError: as `query`; for a statement that changes rows too.
        """
        ...

    def transaction(self, *, serializable: bool = False) -> AbstractAsyncContextManager[None]:
        """Keep all that a block does, or, if it raises, nothing; `async with`.

        No update is lost: it sees what was stored when it began, and changes no row that others have changed since. A
        rule over rows that it reads and does not change ("one administrator stays") needs `serializable=True`: it is as
        if it had run alone. SQLite has one writer, so that every transaction there is.

        Inside another one it is a savepoint. A statement that fails leaves the block around it failed: it can only be
        left, and is undone; so try what may fail in a `transaction()` of its own. Tasks started inside share it, one
        statement at a time; await them before the block ends.

        Raises:
            Unavailable: the turn did not come within DB_WAIT_TIMEOUT_S.
            SerializationError: others changed the same at the same time; from a statement, or at the end.
            DbError: it is serializable, and inside one that is not.
            UnitClosedError: at the end, when it had failed and the error was caught inside.
            UnknownOutcomeError: at the end, when COMMIT gave no answer.
        """
        ...
