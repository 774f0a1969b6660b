"""What tables there are, read from SQLite's own; what takes a connection runs in its thread."""

import sqlite3

from tools.db.contract import Column, ForeignKey, Table
from tools.db.known import Known
from tools.db.statement import Statement

_TABLES = (
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')"
    " AND substr(name, 1, 1) != '_' AND substr(name, 1, 7) != 'sqlite_' ORDER BY name"
)

_COLUMNS = 'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_xinfo(?) WHERE hidden != 1 ORDER BY cid'
"""Those that are generated too; what is hidden is a virtual table's own."""
_WORDS = {
    **{name: name.lower() for name in ("DECIMAL", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "UUID", "JSON")},
    "NUMERIC": "decimal",
    "BOOL": "boolean",
    "DATETIME": "timestamp",
}
"""By the first word of a declared type, for those whose values are read: sqlite3 looks at that word only."""
_AFFINITIES = (
    ("INT", "integer"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("BLOB", "blob"),
    ("REAL", "real"),
    ("FLOA", "real"),
    ("DOUB", "real"),
)


def tables(raw: sqlite3.Connection) -> list[Table]:
    """List the application's tables, by name."""
    names = [name for (name,) in raw.execute(_TABLES).fetchall()]
    return [Table(name, _columns(raw, name), _unique(raw, name), _foreign_keys(raw, name)) for name in names]


def _columns(raw: sqlite3.Connection, table: str) -> list[Column]:
    found = raw.execute(_COLUMNS, (table,))
    return [
        Column(name, word_of(declared), not (strict or key), default, key > 0)
        for name, declared, strict, default, key in found
    ]


def word_of(declared: str) -> str:
    """Give the word of every engine for a declared type; for one of its own, by SQLite's rules of affinity.

    >>> [word_of(one) for one in ("DECIMAL(10, 2)", "varchar(20)", "UNSIGNED BIG INT", "DATETIME", "")]
    ['decimal', 'text', 'integer', 'timestamp', 'blob']

    Source: https://www.sqlite.org/datatype3.html, 3.1
    """
    name = declared.upper().partition("(")[0].strip()
    if name.partition(" ")[0] in _WORDS:
        return _WORDS[name.partition(" ")[0]]
    return next((word for part, word in _AFFINITIES if part in name), "decimal" if name else "blob")


def _unique(raw: sqlite3.Connection, table: str) -> list[list[str]]:
    """Columns of the unique rules that hold for every row and name only columns, in order of the names."""
    indexes = raw.execute(
        "SELECT name FROM pragma_index_list(?) WHERE \"unique\" AND origin != 'pk' AND NOT partial", (table,)
    ).fetchall()
    rules = [
        [name for (name,) in raw.execute("SELECT name FROM pragma_index_info(?) ORDER BY seqno", index)]
        for index in indexes
    ]
    return sorted(rule for rule in rules if None not in rule)


def _foreign_keys(raw: sqlite3.Connection, table: str) -> list[ForeignKey]:
    found = raw.execute('SELECT "from", "table", "to", seq FROM pragma_foreign_key_list(?) ORDER BY "from"', (table,))
    return [
        ForeignKey(column, parent, to or _primary_key(raw, parent)[seq][0])
        for column, parent, to, seq in found.fetchall()
    ]


def _primary_key(raw: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    return raw.execute("SELECT name, type FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,)).fetchall()


class Keys:
    """The one-column integer primary key of each table, read again when the schema has changed, by anyone."""

    def __init__(self) -> None:
        self._version = -1
        self._known: Known[str, str] = Known()
        self.held_by: sqlite3.Connection | None = None
        """Whose transaction holds the write lock and only changes rows, so that the schema stays as it is."""

    def look(self, raw: sqlite3.Connection) -> None:
        """Forget all if the schema has changed."""
        (version,) = raw.execute("PRAGMA schema_version").fetchone()
        if version != self._version:
            self._version = version
            self._known.forget()

    def returning(self, raw: sqlite3.Connection, statement: Statement) -> str:
        """Give an INSERT with RETURNING for the key, or an empty text if its table has no such key."""
        if self.held_by is not raw:
            self.look(raw)
        known = self._known.get(statement.text)
        if known is None:
            known = self._known.add(statement.text, self._read(raw, statement), 2 * len(statement.text))
        return known

    def _read(self, raw: sqlite3.Connection, statement: Statement) -> str:
        key = _primary_key(raw, statement.table)
        if len(key) != 1 or "INT" not in key[0][1].upper():
            return ""
        name = key[0][0].replace('"', '""')
        return f'{statement.text} RETURNING "{name}"'
