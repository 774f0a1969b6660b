"""Fits parameters to a statement, one way everywhere: none is missing, none spare."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tools.db.contract import ParameterError, Params
from tools.db.statement import Statement

Bound = tuple[Any, ...] | dict[str, Any]
Stored = Callable[[object, int | str], Any]
"""Gives what is sent for a value; the second is the parameter's name or place, for the error."""


def bind(statement: Statement, params: Params, stored: Stored) -> Bound:
    """Fit `params` to `statement`, each as `stored` gives it.

    Raises:
        ParameterError: one is missing or spare, or cannot be stored.
    """
    if statement.lonely:
        _refuse_lists(statement, params)
    if params is None or isinstance(params, tuple | list):  # first: to ask for a Mapping takes longer
        return _bind_marks(statement, params or (), stored)
    if not isinstance(params, Mapping):
        raise ParameterError(f"db was given {type(params).__name__} for parameters: give a tuple, a list or a dict")
    return _bind_names(statement, params, stored)


def _refuse_lists(statement: Statement, params: Params) -> None:
    given: dict[Any, Any] = dict(params) if isinstance(params, Mapping) else dict(enumerate(params or (), 1))
    for name in sorted(statement.lonely & given.keys(), key=str):
        if isinstance(given[name], list | tuple | set | frozenset):
            raise ParameterError(f"db was given a list as parameter {name!r} in IN (?): write one ? for each value")


def _bind_marks(statement: Statement, params: Sequence[Any], stored: Stored) -> Bound:
    if statement.names:
        raise ParameterError(f"db misses parameter {statement.names[0]!r}: give a dict with every :name")
    if len(params) != statement.marks:
        what = "misses a parameter" if len(params) < statement.marks else "has a spare parameter"
        raise ParameterError(
            f"db {what}, {statement.marks} ? and {len(params)} values: give one for each ?"
            " (PostgreSQL's operator is written ??)"
        )
    return tuple([stored(value, position) for position, value in enumerate(params, 1)])  # faster than a generator


def _bind_names(statement: Statement, params: Mapping[str, Any], stored: Stored) -> Bound:
    missing = [name for name in statement.names if name not in params]
    spare = [name for name in params if name not in statement.names]
    if statement.marks:
        raise ParameterError("db was given a dict for a statement with ?: give a tuple, or write :name")
    if missing:
        raise ParameterError(f"db misses parameter {', '.join(map(repr, missing))}: give every :name a value")
    if spare:
        raise ParameterError(f"db has spare parameter {', '.join(map(repr, spare))}: the statement has no such :name")
    return {name: stored(params[name], name) for name in statement.names}
