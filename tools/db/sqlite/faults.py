"""What SQLite says no with, as the errors of the contract."""

import logging
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tools.db.contract import (
    CheckError,
    DbError,
    ForeignKeyError,
    NotNullError,
    OutOfRangeError,
    Unavailable,
    UniqueError,
    UnknownOutcomeError,
)
from tools.db.sqlite.file import FileConnection
from tools.db.sqlite.values import UnreadableError
from tools.db.tokens import Token, tokens

log = logging.getLogger(__name__)

_UNIQUE = ("CONSTRAINT_UNIQUE", "CONSTRAINT_PRIMARYKEY", "CONSTRAINT_ROWID")
_UNAVAILABLE = ("BUSY", "LOCKED", "IOERR", "FULL", "CANTOPEN", "READONLY", "PROTOCOL", "NOMEM", "CORRUPT", "NOTADB")
TOLD = (UnicodeEncodeError, OverflowError, UnreadableError, sqlite3.Error, sqlite3.Warning)
"""What `told` knows."""
_REMEDIES = {
    "IOERR": "check its disk",
    "FULL": "free space on its disk",
    "CANTOPEN": "let this process read and write it, and its folder",
    "READONLY": "let this process write it, and its folder",
    "CORRUPT": "restore a backup of it",
    "NOTADB": "restore a backup of it, or name another file in DATABASE_URL",
}
"""For what does not pass by itself, and is logged."""


@contextmanager
def translated(raw: sqlite3.Connection, table: str = "", *, is_write: bool = False) -> Iterator[None]:
    """Turn SQLite's errors into ours, in the connection's thread: to name an index's columns takes a look at it.

    Args:
        raw: the connection that the statement runs on.
        table: the statement's.
        is_write: an I/O error may then have come after the change was on disk.
    """
    try:
        yield
    except TOLD as error:
        raise told(raw, error, table, is_write=is_write) from error


def told(
    raw: sqlite3.Connection,
    error: BaseException,
    table: str = "",
    *,
    is_write: bool = False,
    names: Sequence[str] = (),
) -> BaseException:
    """Give `fault` of an error; log what somebody has to repair, and say where a value stands that cannot be read."""
    shout(error)
    if isinstance(error, UnreadableError):
        return _unreadable(raw, error, names)
    return fault(raw, error, table, is_write=is_write)


def fault(raw: sqlite3.Connection, error: BaseException, table: str = "", *, is_write: bool = False) -> BaseException:
    """Give our error for one of SQLite's, in the connection's thread, with its cause; another stays what it is."""
    found: BaseException = error
    if isinstance(error, UnicodeEncodeError | OverflowError | sqlite3.DataError):
        found = OutOfRangeError(f"db cannot store a value: {error}: give one that fits")
    elif isinstance(error, sqlite3.IntegrityError):
        found = _constraint(raw, error, table)
    elif isinstance(error, sqlite3.Error | sqlite3.Warning):
        found = _other(raw, error, is_write)
    if found is not error:
        found.__cause__ = error
    return found


def is_busy(error: BaseException | None) -> bool:
    """Tell whether another process had the write lock for too long."""
    return "BUSY" in _name(error)


def remedy(error: BaseException | None) -> str:
    """Say what has to be done about a file that cannot be used; an empty text for what passes by itself."""
    return next((text for name, text in _REMEDIES.items() if _name(error).startswith(name)), "")


def shout(error: BaseException) -> None:
    """Log what somebody has to repair."""
    if advice := remedy(error):
        log.error("db: the file cannot be used as it should: %s (%s): %s", error, _name(error), advice)


def _name(error: BaseException | None) -> str:
    return str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_")


def _other(raw: sqlite3.Connection, error: Exception, is_write: bool) -> DbError:
    name = _name(error)
    if name.startswith(("CORRUPT", "NOTADB")) and isinstance(raw, FileConnection):
        raw.file.damage = f"{error}, {name}"
    if is_write and name.startswith("IOERR"):
        return UnknownOutcomeError()
    if name.startswith(_UNAVAILABLE):
        return Unavailable(f"{error}, {name}")
    return DbError(f"db could not run the statement: {error}")


def _constraint(raw: sqlite3.Connection, error: sqlite3.IntegrityError, table: str) -> DbError:
    name, (_, _, rest) = _name(error), str(error).partition(": ")
    if name in _UNIQUE:
        index = re.fullmatch(r"index '(.*)'", rest)
        return UniqueError(*(_index_columns(raw, index[1]) if index else _columns(rest)))
    if name == "CONSTRAINT_NOTNULL":
        return NotNullError(*_columns(rest))
    if str(error).startswith("cannot store"):  # in a STRICT table; sqlite3 has no name for its code
        return CheckError(*_columns(str(error).rpartition(" ")[2]))
    if name == "CONSTRAINT_CHECK":
        return CheckError(table, _mentioned(raw, table, _rule(raw, table, rest) or list(tokens(rest))))
    # ON DELETE RESTRICT is reported as a trigger's doing
    if "FOREIGN KEY" in str(error):
        return ForeignKeyError(table)
    return DbError(f"db refused the statement: {error}")


def _columns(text: str) -> tuple[str, list[str]]:
    """Table and columns of `users.name, users.email`."""
    pairs = [part.partition(".") for part in text.split(", ")]
    return pairs[0][0], [column for _, _, column in pairs]


def _index_columns(raw: sqlite3.Connection, index: str) -> tuple[str, Sequence[str]]:
    """Table and columns of a unique index on expressions, of which SQLite gives only the name."""
    found = raw.execute(
        "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND name = ?", (index,)
    ).fetchone()
    if found is None:
        return "", ()
    table, sql = found
    parts = list(tokens(sql))
    ends = [place for place, part in enumerate(parts) if part.text == ")" and part.depth == 0]
    return table, _mentioned(raw, table, parts[: ends[0]] if ends else parts)


def _rule(raw: sqlite3.Connection, table: str, name: str) -> list[Token]:
    """The expression of a CHECK that has a name of its own, of which SQLite gives only that."""
    found = raw.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE", (table,))
    parts = [part for (sql,) in found.fetchall() for part in tokens(sql)]
    for place, part in enumerate(parts[:-3]):
        if part.text.upper() == "CONSTRAINT" and parts[place + 1].name == name:
            inside = parts[place + 4 :]  # behind CONSTRAINT name CHECK (
            depth = parts[place + 3].depth
            return inside[: next((at for at, one in enumerate(inside) if one.depth <= depth), None)]
    return []


def _mentioned(raw: sqlite3.Connection, table: str, parts: Sequence[Token]) -> list[str]:
    """The columns of `table` that an expression names, in its order; none for a rule known only by its own name."""
    columns = [name for (name,) in raw.execute("SELECT name FROM pragma_table_xinfo(?)", (table,))]
    words = dict.fromkeys(part.name.lower() for part in parts if part.kind in ("word", "quoted"))
    return [column for word in words for column in columns if column.lower() == word]


def _unreadable(raw: sqlite3.Connection, error: UnreadableError, names: Sequence[str]) -> DbError:
    """Name the column, as far as it can be told: SQLite gives the value, and neither column nor table."""
    found = raw.execute(
        "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c"
        " WHERE t.type = 'table' AND upper(c.type) GLOB ? || '*'",
        (error.kind,),
    ).fetchall()
    places = [(table, column) for table, column in found if column in names]
    where = " or ".join(f"{table}.{column}" for table, column in places) or "a column"
    told = DbError(f"db cannot read {where}: {error}: mend the row, another program wrote it")
    if len(places) == 1:
        told.table, told.columns = places[0][0], (places[0][1],)
    return told
