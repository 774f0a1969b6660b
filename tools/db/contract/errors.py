"""The errors that `db` raises.

    DbError                 .table and .columns, as far as the database tells
     |- UniqueError         409   |- NotNullError       422
     |- ForeignKeyError     409   |- CheckError         422
     |- Unavailable         503   |- QueryTimeoutError  504
     |- UnknownOutcomeError 503   |- SerializationError 503
     |- ParameterError            |- OutOfRangeError    422, a ParameterError
     |- UnitClosedError           |- MigrationError

Those with a status are Refusals: http answers with it, and its text names no SQL.
"""

from collections.abc import Sequence

from hookspecs import Refusal


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


class SerializationError(Refusal, DbError):
    """Others changed at the same time what the transaction read or wrote: it is rolled back, and may be repeated.

    Where it passes through a handler or a subscriber that had stored nothing before, it is run again at once.
    """

    def __init__(self, reason: str = "", *, runs_again: bool = False) -> None:
        super().__init__(503, "this was changed at the same time: try again", retry_after_s=1.0)
        self.reason, self.runs_again = reason, runs_again
        """For the log: what the database said."""

    def __str__(self) -> str:
        return f"{self.detail} ({self.reason})" if self.reason else self.detail


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
