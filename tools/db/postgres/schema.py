"""What tables there are, read from PostgreSQL's catalog, in the words that every engine uses."""

import re
from typing import Any

from tools.db.contract import Column, ForeignKey, Table
from tools.db.postgres.wire import Raw

_TYPES = {
    **dict.fromkeys(("smallint", "integer", "bigint"), "integer"),
    **dict.fromkeys(("real", "double precision"), "real"),
    "numeric": "decimal",
    **dict.fromkeys(("character varying", "character", "name"), "text"),
    "bytea": "blob",
    **dict.fromkeys(("time without time zone", "time with time zone"), "time"),
    **dict.fromkeys(("timestamp without time zone", "timestamp with time zone"), "timestamp"),
    "jsonb": "json",
}
_CAST = re.compile(r"('(?:[^']|'')*'|\(?-?[\d.]+\)?)::([\w ]+)(?:\(\d+(?:,\d+)?\))?")
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
_TABLES = """
SELECT c.oid, c.relname AS name FROM pg_class c
WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
  AND left(c.relname, 1) != '_'
ORDER BY c.relname COLLATE "C"
"""
_COLUMNS = """
SELECT a.attrelid AS table, a.attname AS name, format_type(a.atttypid, NULL) AS type, NOT a.attnotnull AS nullable,
  CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS default,
  coalesce(a.attnum = ANY (i.indkey), false) AS primary_key
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""
_UNIQUE = """
SELECT i.indrelid AS table, array_agg(a.attname ORDER BY k.place) AS columns
FROM pg_index i
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND NOT i.indisprimary AND i.indpred IS NULL
  AND NOT 0 = ANY (i.indkey) AND k.place <= i.indnkeyatts
GROUP BY i.indrelid, i.indexrelid
"""
_FOREIGN = """
SELECT c.conrelid AS table, a.attname AS column, p.relname AS parent, b.attname AS to
FROM pg_constraint c
JOIN pg_class p ON p.oid = c.confrelid
CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k (mine, theirs)
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.mine
JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.theirs
WHERE c.contype = 'f' AND c.conrelid = ANY ($1::oid[])
ORDER BY a.attname
"""


async def tables(raw: Raw) -> list[Table]:
    """List the application's tables, by name."""
    found = await raw.fetch(_TABLES)
    ids = [one["oid"] for one in found]
    columns, unique, foreign = [await _grouped(raw, sql, ids) for sql in (_COLUMNS, _UNIQUE, _FOREIGN)]
    return [
        Table(
            one["name"],
            [_column(row) for row in columns.get(one["oid"], ())],
            sorted(list(row["columns"]) for row in unique.get(one["oid"], ())),
            [ForeignKey(row["column"], row["parent"], row["to"]) for row in foreign.get(one["oid"], ())],
        )
        for one in found
    ]


async def _grouped(raw: Raw, sql: str, ids: list[int]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for row in await raw.fetch(sql, ids):
        groups.setdefault(row["table"], []).append(row)
    return groups


def _column(row: Any) -> Column:
    default = row["default"]
    if default is not None:
        default = None if default.startswith("nextval(") else _CAST.sub(_uncast, default)
    return Column(row["name"], _TYPES.get(row["type"], row["type"]), row["nullable"], default, row["primary_key"])


def _uncast(found: re.Match[str]) -> str:
    """What was written before PostgreSQL made `'x'::text`, `'-1'::integer` or `(-1)::numeric` of it."""
    return found[1].strip("'()") if found[2] in _NUMBERS else found[1]
