"""What a plugin may ask of `db`, the values that it gives, and the errors that it raises.

    DbError                 .table and .columns, as far as the database tells
     |- UniqueError         409   |- NotNullError       422
     |- ForeignKeyError     409   |- CheckError         422
     |- Unavailable         503   |- QueryTimeoutError  504
     |- UnknownOutcomeError 503   |- UnitClosedError
     |- ParameterError            |- OutOfRangeError    422, a ParameterError
     |- MigrationError

Those with a status are Refusals: http answers with it, and its text names no SQL.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol

import msgspec

from hookspecs import Refusal, hookspec


class CoreStatement(Protocol):
    """A SQLAlchemy Core statement: anything that compiles."""

    def compile(self, *args: Any, **kwargs: Any) -> Any:
        """Compile for a dialect."""
        ...


Sql = str | CoreStatement
Params = Sequence[Any] | Mapping[str, Any] | None


class Column(msgspec.Struct, frozen=True):
    """A column; `type` and `default` are as the table declares them."""

    name: str
    type: str
    nullable: bool
    default: str | None
    primary_key: bool


class ForeignKey(msgspec.Struct, frozen=True):
    """`column` refers to `table`.`to`."""

    column: str
    table: str
    to: str


class Table(msgspec.Struct, frozen=True):
    """A table of the application; `unique` has the columns of each unique rule beside the primary key."""

    name: str
    columns: list[Column]
    unique: list[list[str]]
    foreign_keys: list[ForeignKey]


class Migration(NamedTuple):
    """One step of a schema: `Migration("001_notes", "CREATE TABLE ...")`, numbered like a file."""

    name: str
    sql: str


@hookspec
def register_migrations() -> Iterable[Migration]:  # type: ignore[empty-body]
    """Plugin, while db boots: carry the tables of the feature, checksummed like files in `migrations/`."""


class DbError(Exception):
    """Anything that the database, or this tool, says no to."""

    table: str = ""
    columns: tuple[str, ...] = ()


class ConstraintError(Refusal, DbError):
    """A rule of a table that the statement would break; one subclass a kind."""

    def __init__(self, status: int, detail: str, table: str, columns: Sequence[str]) -> None:
        super().__init__(status, detail)
        self.table, self.columns = table, tuple(columns)


class UniqueError(ConstraintError):
    """A row with these values exists."""

    def __init__(self, table: str = "", columns: Sequence[str] = ()) -> None:
        super().__init__(409, f"one with this {' and '.join(columns) or 'value'} exists already", table, columns)


class ForeignKeyError(ConstraintError):
    """A row refers to one that is not there, or is still referred to; `.table` is the statement's."""

    def __init__(self, table: str = "", columns: Sequence[str] = ()) -> None:
        super().__init__(409, "it refers to what does not exist, or is still referred to", table, columns)


class NotNullError(ConstraintError):
    """A column that must have a value got none."""

    def __init__(self, table: str = "", columns: Sequence[str] = ()) -> None:
        super().__init__(422, f"{' and '.join(columns) or 'a field'} must have a value", table, columns)


class CheckError(ConstraintError):
    """A value is not one that the table allows."""

    def __init__(self, table: str = "", columns: Sequence[str] = ()) -> None:
        super().__init__(422, f"{' and '.join(columns) or 'a field'} has a value that is not allowed", table, columns)


class Unavailable(Refusal, DbError):  # noqa: N818 (an answer, not a fault)
    """The database cannot be used now: locked, full, broken, not open, or its turn did not come."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(503, "the database is not available: try again", retry_after_s=1.0)
        self.reason = reason
        """For the log: what happened."""

    def __str__(self) -> str:
        return f"{self.detail} ({self.reason})" if self.reason else self.detail


class QueryTimeoutError(Refusal, DbError):
    """A statement took longer than DB_TIMEOUT_S and was interrupted: it changed nothing."""

    def __init__(self) -> None:
        super().__init__(504, "the database took too long")


class UnknownOutcomeError(Refusal, DbError):
    """It cannot be known whether the change was stored: look before doing it again."""

    def __init__(self) -> None:
        super().__init__(503, "it is not known whether the change was stored: look before you repeat it")


class UnitClosedError(DbError):
    """A statement for a transaction that is over, or that failed and can only be left."""


class ParameterError(DbError):
    """Parameters and statement do not fit: one is missing, spare, or of a type that cannot be stored."""


class OutOfRangeError(Refusal, ParameterError):
    """A value that cannot be stored: an int beyond 64 bits, NaN, half a surrogate pair."""

    def __init__(self, message: str) -> None:
        super().__init__(422, "a value is out of range")
        self.reason = message
        """For the log: which value."""

    def __str__(self) -> str:
        return self.reason


class MigrationError(DbError):
    """Migrations that cannot be applied, each with its file."""


class Db(Protocol):
    """A relational database.

    `sql` is text or a SQLAlchemy Core statement. Parameters: `?` and a tuple or list, or `:name` and a dict; a missing
    and a spare one are refused. Going in, dates and times become ISO text (in UTC, if they have a zone), Decimal and
    UUID text, dict and list JSON text, bool 0 or 1; `into=` a Struct brings them back.
    """

    async def query(self, sql: Sql, params: Params = None, *, into: type | None = None) -> list[Any]:
        """Read rows: dicts, or Structs with `into=`; an empty list for none.

        INSERT, UPDATE or DELETE with RETURNING belongs here too, and is stored.

        Raises:
            ParameterError: parameters that do not fit the statement.
            DbError: every other refusal; the module's docstring has the kinds.
        """
        ...

    async def query_one(self, sql: Sql, params: Params = None, *, into: type | None = None) -> Any:
        """Read the first row, or None; the place for `INSERT ... RETURNING id, name`.

        Raises:
            DbError: as `query`.
        """
        ...

    async def execute(self, sql: Sql, params: Params = None) -> int | None:
        """Change rows; answers with the new key for an INSERT, else with the number of rows changed.

        Returns:
            For an INSERT into a table with a one-column integer primary key: the key of the last row inserted (or
            updated, with ON CONFLICT DO UPDATE), None if there was none. Otherwise the number of rows changed.

        Raises:
            DbError: as `query`; for a statement with RETURNING too, which belongs to `query_one`.
        """
        ...

    async def execute_many(self, sql: Sql, rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> int:
        """Run one statement for each of `rows`, all or none; answers with the number of rows changed.

        Raises:
            DbError: as `execute`; then nothing is stored.
        """
        ...

    def stream(self, sql: Sql, params: Params = None, *, into: type | None = None) -> AsyncGenerator[Any, None]:
        """Read rows with `async for`, some at a time, for results that memory should not hold.

        Leaving the loop early closes the cursor; `contextlib.aclosing` does so at once. At most DB_STREAMS are open.

        Raises:
            DbError: as `query`; for a statement that changes rows too.
        """
        ...

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Keep all that `async with db.transaction():` does, or, if it raises, nothing.

        Inside another one it is a savepoint. Tasks started inside share it, one statement at a time; await them before
        the block ends.

        Raises:
            Unavailable: the writer's turn did not come within DB_WAIT_TIMEOUT_S.
            UnknownOutcomeError: at the end, when COMMIT gave no answer.
        """
        ...

    def after_commit(self, callback: Callable[[], Awaitable[None] | None]) -> None:
        """Call `callback` once the current transaction is stored; never, if it is not; at once where there is none.

        An error in it is logged: what is stored stays so.
        """
        ...

    async def describe_schema(self) -> list[Table]:
        """List the application's tables, by name; those that start with `_` are left out."""
        ...
