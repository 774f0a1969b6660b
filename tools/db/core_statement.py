"""SQLAlchemy Core statements as text with `?`: compiled by SQLAlchemy's own dialects, never formatted by us."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.exc import SQLAlchemyError

from tools.db.contract import CoreStatement, ParameterError, Params

_DIALECTS: Mapping[str, Any] = {
    "sqlite": sqlite_dialect(paramstyle="qmark"),
    "postgresql": postgresql_dialect(paramstyle="qmark"),  # type: ignore[no-untyped-call]
}


def compiled(sql: CoreStatement, params: Params, dialect: str) -> tuple[str, list[Any]]:
    """Give the text of `sql` and its values in the order of the `?`.

    Raises:
        ParameterError: it is no statement, or `params` do not fit it.
    """
    given = {} if params is None else params
    if not isinstance(given, Mapping):
        raise ParameterError(f"db was given {type(params).__name__} for a Core statement: give a dict, or none")
    shape = _shape(sql, tuple(given), dialect)
    return str(shape), _values(shape, given)


def compiled_many(
    sql: CoreStatement, rows: Sequence[Sequence[Any] | Mapping[str, Any]], dialect: str
) -> tuple[str, list[list[Any]]]:
    """Give the text of `sql`, and the values of each row.

    Raises:
        ParameterError: as `compiled`, or the rows have not all the same names.
    """
    dicts = [row for row in rows if isinstance(row, Mapping)]
    if len(dicts) < len(rows):
        raise ParameterError("db was given a row that is no dict for a Core statement: give dicts")
    names = tuple(dicts[0])
    if any(set(row) != set(names) for row in dicts):
        raise ParameterError(f"db was given rows with different names: give each {', '.join(names)}")
    shape = _shape(sql, names, dialect)
    return str(shape), [_values(shape, row) for row in dicts]


def _shape(sql: CoreStatement, names: tuple[str, ...], dialect: str) -> Any:
    if not hasattr(sql, "compile"):
        raise ParameterError(f"db was given {type(sql).__name__} as a statement: give text or a SQLAlchemy statement")
    try:
        shape = sql.compile(
            dialect=_DIALECTS[dialect], column_keys=list(names) or None, compile_kwargs={"render_postcompile": True}
        )
    except SQLAlchemyError as error:
        raise ParameterError(f"db could not compile the statement: {error}: change it, or its parameters") from error
    spare = [name for name in names if name not in getattr(shape, "binds", {})]
    if spare:
        raise ParameterError(f"db has spare parameter {', '.join(map(repr, spare))}: the statement has no such name")
    return shape


def _values(shape: Any, params: Mapping[str, Any]) -> list[Any]:
    """The values as they were given: this tool stores them in its own way, as it does for text."""
    try:
        found = shape.construct_params(dict(params))
    except SQLAlchemyError as error:
        raise ParameterError(f"db misses a parameter: {error}: give every name a value") from error
    return [found[name] for name in getattr(shape, "positiontup", None) or ()]
