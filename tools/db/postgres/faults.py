"""What PostgreSQL says no with, as the errors of the contract."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from asyncpg.exceptions import InvalidCachedStatementError, OutdatedSchemaCacheError

from tools.db.contract import (
    CheckError,
    DbError,
    ForeignKeyError,
    NotNullError,
    OutOfRangeError,
    ParameterError,
    QueryTimeoutError,
    SerializationError,
    Unavailable,
    UniqueError,
)
from tools.db.note import has_stored
from tools.db.postgres.catalog import Catalog, names_in
from tools.db.postgres.wire import LOST
from tools.db.statement import Statement

log = logging.getLogger(__name__)

_SCHEMA_CHANGED = (InvalidCachedStatementError, OutdatedSchemaCacheError)
_UNAVAILABLE = ("08", "53", "57P", "58", "25006", "55P03", "28", "3D")
_CONFLICTS = ("40001", "40P01")
_REMEDIES = {
    "28": "correct the user and the password in DATABASE_URL",
    "3D": "make it, `createdb name`, or correct DATABASE_URL",
    "53100": "free space on its disk",
    "53300": "raise its max_connections, or lower DB_POOL_SIZE",
    "58": "check its disk, and its log",
}
"""For what does not pass by itself, and is logged."""


class ConnectionLostError(Unavailable):
    """There was no answer: what was asked for may have happened."""


@contextmanager
def translated(statement: Statement | None = None, catalog: Catalog | None = None) -> Iterator[None]:
    """Turn asyncpg's errors into ours."""
    try:
        yield
    except _SCHEMA_CHANGED as error:
        raise SerializationError(f"the schema: {error}", runs_again=not has_stored()) from error
    except asyncpg.QueryCanceledError as error:
        raise QueryTimeoutError from error
    except LOST as error:
        raise ConnectionLostError(f"{str(error) or 'no answer in time'}, while a statement ran") from error
    except asyncpg.PostgresError as error:
        raise _said(error, statement, catalog) from error


def remedy(error: BaseException | None) -> str:
    """Say what has to be done about a server that cannot be used; an empty text for what passes by itself."""
    if isinstance(error, OSError):
        return "start it, or correct DATABASE_URL"
    code = str(getattr(error, "sqlstate", "") or "")
    return next((text for start, text in _REMEDIES.items() if code.startswith(start)), "")


def shout(error: BaseException) -> None:
    """Log what somebody has to repair."""
    if advice := remedy(error):
        log.error("db: the server cannot be used as it should: %s: %s", error, advice)


def is_said(error: asyncpg.PostgresError) -> bool:
    """Tell whether the server said it; asyncpg refuses some values by itself, before it sends anything."""
    return getattr(error, "severity", None) is not None


def _said(error: asyncpg.PostgresError, statement: Statement | None, catalog: Catalog | None) -> DbError:
    code = error.sqlstate or ""
    if not is_said(error):
        return ParameterError(f"db cannot send a value: {error}: give one of its column's type")
    table = error.table_name or ""
    if code.startswith("23"):
        return _constraint(error, code, table, statement, catalog)
    if code in _CONFLICTS:
        return SerializationError(str(error), runs_again=not has_stored())
    if code.startswith(_UNAVAILABLE):
        shout(error)
        return Unavailable(f"{error}, {code}")
    if code.startswith("22") and code != "22012":
        return OutOfRangeError(f"db cannot store a value: {error}: give one that fits")
    return DbError(f"db could not run the statement: {error}")


def _constraint(
    error: asyncpg.PostgresError, code: str, table: str, statement: Statement | None, catalog: Catalog | None
) -> DbError:
    match code:
        case "23505" | "23P01":
            return UniqueError(table, names_in(_key(error.detail or "")))
        case "23502":
            return NotNullError(table, [error.column_name] if error.column_name else [])
        case "23514":
            return CheckError(table, catalog.of_check(table, error.constraint_name or "") if catalog else [])
        case "23503" | "23001":
            return ForeignKeyError(statement.table if statement else table)
    return DbError(f"db refused the statement: {error}")


def _key(detail: str) -> str:
    """The first parentheses of `Key (lower(email), team)=(ana, 1) already exists.`."""
    depth = 0
    begin = detail.find("(") + 1
    for at in range(begin, len(detail)):
        depth += (detail[at] == "(") - (detail[at] == ")")
        if depth < 0:
            return detail[begin:at]
    return ""
