"""What a portable migration may not say, since PostgreSQL has not that: found before anything runs, with what to do."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tools.db.postgres.ddl import Column, columns
from tools.db.tokens import Token

_PAIR = "or write two files of one number, with `-- engine: sqlite` and `-- engine: postgresql`"
_ON_CONFLICT = "write INSERT ... ON CONFLICT where rows are stored"
_FUNCTIONS = {
    "STRFTIME": "write DEFAULT CURRENT_TIMESTAMP",
    "DATETIME": "write DEFAULT CURRENT_TIMESTAMP",
    "UNIXEPOCH": "write DEFAULT CURRENT_TIMESTAMP, in a TIMESTAMP column",
    "JULIANDAY": "write DEFAULT CURRENT_TIMESTAMP, in a TIMESTAMP column",
    "RANDOMBLOB": "give the value with the row",
    "IFNULL": "write COALESCE",
}
_STATEMENTS = {
    ("PRAGMA",): "settings are the tool's: leave it out",
    ("REPLACE",): _ON_CONFLICT,
    ("INSERT", "OR"): _ON_CONFLICT,
    ("UPDATE", "OR"): "leave the OR out",
    ("CREATE", "VIRTUAL"): "keep what it indexes in a table",
}


def not_portable(parts: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """Give each place in a statement that is SQLite's alone, with what it is and what to write."""
    words = [part.text.upper() if part.kind == "word" else "" for part in parts]
    for head, remedy in _STATEMENTS.items():
        if tuple(words[: len(head)]) == head:
            yield parts[0], _said(" ".join(head), remedy)
    if words[:1] == ["CREATE"] and "TRIGGER" in words[:3] and "BEGIN" in words:
        yield parts[0], _said("a trigger with BEGIN ... END", "do in the plugin what it does")
    for part in parts:
        if part.text == "`":
            yield part, _said("a name in backticks", "write it in double quotes")
            break
    if words[:2] == ["ALTER", "TABLE"] or (words[:1] == ["CREATE"] and "TABLE" in words[1:4]):
        yield from _in_table(parts, words)


def _in_table(parts: Sequence[Token], words: Sequence[str]) -> Iterator[tuple[Token, str]]:
    for part, (word, after) in zip(parts, pairwise([*words, ""]), strict=True):
        if word == "WITHOUT" and after == "ROWID":
            yield part, _said("WITHOUT ROWID", "leave it out")
        elif word == "STRICT" and part.depth == 0:
            yield part, _said("STRICT", "leave it out: types are checked there as they are")
        elif word == "ON" and after == "CONFLICT":
            yield part, _said("ON CONFLICT in a table", _ON_CONFLICT)
        elif word == "COLLATE" and after in ("NOCASE", "BINARY", "RTRIM"):
            yield part, _said(f"COLLATE {after}", "index or compare lower(column)")
    called = [part for part, after in pairwise(parts) if after.text == "(" and part.text.upper() in _FUNCTIONS]
    for part in called:
        yield part, _said(f"{part.text.lower()}(...)", _FUNCTIONS[part.text.upper()])
    for part in parts if not called else ():
        if part.kind == "literal" and part.text.lower() == "'now'":
            yield part, _said("'now' in a table", "write DEFAULT CURRENT_TIMESTAMP")
    for column in columns(parts):
        yield from _in_column(column)


def _in_column(column: Column) -> Iterator[tuple[Token, str]]:
    name = column.name.name
    if not column.kind:
        yield (
            column.name,
            f"gives column {name!r} no type, which PostgreSQL needs: write one, TEXT or INTEGER or another",
        )
    if column.has("AUTOINCREMENT") and column.type_words != ("INTEGER",):
        yield column.name, f"has AUTOINCREMENT for column {name!r}: only INTEGER PRIMARY KEY may have it"
    if column.has("AS") and not column.has("ALWAYS", "AS") and not column.has("IDENTITY"):
        yield column.name, f"has AS for column {name!r}, in SQLite's short form: write GENERATED ALWAYS AS"
    for number, word in (("0", "FALSE"), ("1", "TRUE")):
        if column.type_words in (("BOOLEAN",), ("BOOL",)) and column.has("DEFAULT", number):
            yield column.name, f"has DEFAULT {number} for the BOOLEAN column {name!r}: write DEFAULT {word}"


def _said(what: str, remedy: str) -> str:
    return f"has {what}, which PostgreSQL has not: {remedy}, {_PAIR}"
