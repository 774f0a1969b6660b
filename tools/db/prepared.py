"""A statement with its values, fit to be run."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tools.db.binding import Bound, bind
from tools.db.contract import DbError, Params, Sql
from tools.db.statement import Statement, read


class Writing(NamedTuple):
    """How an engine writes statements and values."""

    dialect: str
    """A name of SQLAlchemy's."""
    stored: Callable[[object, int | str], Any]
    """Gives what is sent for a value; the second is the parameter's name or place, for the error."""


class Prepared(NamedTuple):
    """What an engine makes a job of; `bound` has the values, once for each run."""

    statement: Statement
    bound: Sequence[Bound]

    def refusing_rows(self) -> "Prepared":
        """Refuse a statement that gives rows of its own."""
        if self.statement.has_returning:
            raise DbError("db.execute got a statement with RETURNING: give it to query_one, or to query")
        return self

    def refusing_changes(self) -> "Prepared":
        """Refuse a statement that is no query."""
        if not self.statement.is_read:
            raise DbError(f"db.stream got {self.statement.verb!r}: give it to execute, query or query_one")
        return self


def prepare(sql: Sql, params: Params, writing: Writing) -> Prepared:
    """Read `sql` and fit `params` to it.

    Raises:
        ParameterError: they do not fit.
        DbError: it is no statement for this tool.
    """
    if not isinstance(sql, str):
        from tools.db.core_statement import compiled

        sql, params = compiled(sql, params, writing.dialect)
    statement = read(sql, writing.dialect)
    return Prepared(statement, [bind(statement, params, writing.stored)])


def prepare_many(sql: Sql, rows: Sequence[Sequence[Any] | Mapping[str, Any]], writing: Writing) -> Prepared:
    """Read `sql` and fit each of `rows` to it, of which there is at least one."""
    if not isinstance(sql, str):
        from tools.db.core_statement import compiled_many

        sql, rows = compiled_many(sql, rows, writing.dialect)
    statement = read(sql, writing.dialect)
    return Prepared(statement, [bind(statement, row, writing.stored) for row in rows])
