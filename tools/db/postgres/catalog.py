"""What the database knows of its tables and a statement's answer needs: keys, and columns of checks."""

import re

from tools.db.postgres.wire import Raw
from tools.db.tokens import tokens

_KEYS = """
SELECT c.relname AS table, (
  SELECT min(a.attname)
  FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
  WHERE i.indrelid = c.oid AND i.indisprimary
  HAVING count(*) = 1 AND bool_and(a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype))
) AS key
FROM pg_class c
WHERE c.relkind IN ('r', 'p', 'v', 'f') AND c.relnamespace != 'pg_catalog'::regnamespace AND pg_table_is_visible(c.oid)
"""
_WORD = re.compile(
    "CHECK|AND|OR|NOT|IS|NULL|IN|ANY|ALL|ARRAY|TRUE|FALSE|true|false|LIKE|SIMILAR|BETWEEN|CASE|WHEN|THEN|ELSE|END"
    "|DISTINCT|FROM|COLLATE|varying|precision|with|without|time|zone|NO|INHERIT|VALID|ENFORCED|ESCAPE"
)
"""What is no column's name where the catalog prints an expression."""
_CHECKS = """
SELECT c.relname AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'c' AND pg_table_is_visible(c.oid)
"""


class Catalog:
    """Read whole at once, and again after the schema was changed here, or an INSERT names a table it does not know."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._checks: dict[tuple[str, str], list[str]] = {}
        self._is_known = False

    def forget(self) -> None:
        """The schema was changed."""
        self._is_known = False

    async def know(self, raw: Raw) -> None:
        """Read it, if need be: before a change, as a transaction that was refused something can be asked no more."""
        if not self._is_known:
            await self._load(raw)

    async def _load(self, raw: Raw) -> None:
        self._checks = {(one["table"], one["name"]): names_in(one["text"]) for one in await raw.fetch(_CHECKS)}
        self._keys = {one["table"]: one["key"] or "" for one in await raw.fetch(_KEYS)}
        self._is_known = True

    async def key(self, raw: Raw, table: str) -> str:
        """Give the key's column, or an empty text if the table has no such key."""
        if table not in self._keys and table.lower() not in self._keys:
            await self._load(raw)
        return self._keys.get(table, self._keys.get(table.lower(), ""))

    def of_check(self, table: str, name: str) -> list[str]:
        """Give the columns of a check; of one made since the last look, as far as its own name tells."""
        if (table, name) in self._checks:
            return self._checks[table, name]
        column = name.removeprefix(f"{table}_").removesuffix("_check")
        return [column] if name == f"{table}_{column}_check" else []


def names_in(text: str) -> list[str]:
    """Give the columns that an expression of the catalog names, in its order.

    >>> names_in("CHECK (((lower((email)::text) <> ''::text) AND (age >= 0)))"), names_in('lower(a), "B c"')
    (['email', 'age'], ['a', 'B c'])
    """
    parts = [*tokens(text, "postgresql")]
    found = [
        part.name
        for before, part, after in zip(["", *(one.text for one in parts)], parts, [*parts[1:], None], strict=False)
        if (part.kind == "quoted" or (part.kind == "word" and not _WORD.fullmatch(part.text)))
        and before != "::"
        and not (after and after.text == "(")
    ]
    return list(dict.fromkeys(found))
