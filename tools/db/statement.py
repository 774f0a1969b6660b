"""Reads the text of a statement: what it does, to which table, with which parameters. Literals and comments aside."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tools.db.contract import DbError, ParameterError
from tools.db.known import Known
from tools.db.left_behind import left_behind
from tools.db.tokens import Token, tokens

_READS = frozenset({"SELECT", "VALUES", "EXPLAIN"})
_CHANGES = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE", "MERGE"})
_REMEDIES = dict.fromkeys(
    ("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"), "write `async with db.transaction():`"
) | {
    "PRAGMA": "read it as a table, `SELECT * FROM pragma_table_info('users')`; settings are the tool's",
    "ATTACH": "one database a tool",
    "DETACH": "one database a tool",
}
_REMEDIES |= dict.fromkeys(("START", "ABORT"), _REMEDIES["BEGIN"])
_REMEDIES |= dict.fromkeys(
    ("SET", "RESET", "DISCARD", "LISTEN", "UNLISTEN", "PREPARE", "DEALLOCATE", "DECLARE", "COPY"),
    "it would change a connection that others use after you",
)


class Statement(NamedTuple):
    """What must be known of a statement before it runs."""

    text: str
    verb: str
    table: str
    marks: int
    names: tuple[str, ...]
    has_returning: bool
    lonely: frozenset[int | str] = frozenset()
    """Parameters that stand alone in `IN (?)`: a list as one of them would be JSON, and match nothing."""

    @property
    def is_read(self) -> bool:
        return self.verb in _READS

    @property
    def is_change(self) -> bool:
        return self.verb in _CHANGES

    @property
    def may_return_changes(self) -> bool:
        """Whether it may give rows that it has changed: `WITH new AS (INSERT ...) SELECT` does too."""
        return self.has_returning or self.verb == "WITH"

    @property
    def is_insert(self) -> bool:
        return self.verb in ("INSERT", "REPLACE")


_known: Known[tuple[str, str], Statement] = Known()


def read(sql: str, dialect: str = "sqlite") -> Statement:
    """Read a statement, and refuse what would get between this tool and its connections.

    >>> read("INSERT INTO notes (text) VALUES (:text) -- ':no'").names
    ('text',)

    Raises:
        DbError: for BEGIN, PRAGMA and the like.
        ParameterError: for `$1`, and for `?` and `:name` in one statement.

    Returns:
        What was read; its `text` has the engine's own placeholders.
    """
    key = sql, dialect
    return _known.get(key) or _known.add(key, _read(sql, dialect), len(sql))


def _read(sql: str, dialect: str) -> Statement:
    parts = list(tokens(sql, dialect))
    while parts and parts[-1].text == ";":
        parts.pop()
    if not parts:
        raise DbError("db was given an empty statement: write one")
    verb, after = _verb(parts)
    if verb in _REMEDIES:
        raise DbError(f"db was given {verb!r} as a statement: {_REMEDIES[verb]}")
    if verb != "CREATE" and any(part.text == ";" for part in parts):
        raise DbError("db was given two statements in one text: give it one at a time")
    for what, remedy in left_behind(parts):
        raise DbError(f"db was given {what}, which others would find on the connection after you: {remedy}")
    text = sql[: parts[-1].end]
    marks, names = (0, ()) if verb == "CREATE" else _parameters(parts, dialect)
    if dialect == "postgresql":
        text = numbered(text, dict(enumerate(names, 1)))
    is_returning = verb in _CHANGES and any(
        part.kind == "word" and part.depth == 0 and part.text.upper() == "RETURNING" for part in after
    )
    return Statement(text, verb, _table(verb, after), marks, names, is_returning, frozenset(_lonely(parts)))


def _lonely(parts: list[Token]) -> Iterator[int | str]:
    marks = 0
    for index, part in enumerate(parts):
        marks += part.kind == "mark"
        around = [one.text.upper() for one in parts[max(index - 2, 0) : index + 2]]
        if part.kind in ("mark", "named") and around[:2] + around[3:] == ["IN", "(", ")"]:
            yield marks if part.kind == "mark" else part.text[1:]


def numbered(text: str, names: Mapping[int, str]) -> str:
    """Write PostgreSQL's `$1` for `?` and `:name`, and its operator `?` for `??`.

    >>> numbered("SELECT ?, '?' WHERE tags ?? ?", {})
    "SELECT $1, '?' WHERE tags ? $2"
    """
    numbers = {f":{name}": number for number, name in names.items()}
    pieces, begin, marks = [], 0, 0
    for part in tokens(text, "postgresql"):
        marks += part.kind == "mark"
        number = marks if part.kind == "mark" else numbers.get(part.text, 0) if part.kind == "named" else 0
        if number or part.kind == "escaped":
            pieces += [text[begin : part.end - len(part.text)], f"${number}" if number else "?"]
            begin = part.end
    return "".join([*pieces, text[begin:]])


def _verb(parts: list[Token]) -> tuple[str, list[Token]]:
    """The word that says what is done, behind a WITH too, and what follows it; WITH where a read changes rows."""
    if parts[0].text.upper() != "WITH":
        return parts[0].text.upper(), parts[1:]
    words = [part.text.upper() if part.kind == "word" else "" for part in parts]
    for index, part in enumerate(parts):
        if part.depth == 0 and words[index] in _READS | _CHANGES:
            is_changing = any(
                words[at] in _CHANGES and parts[at - 1].text == "(" and parts[at + 1].text != "(" for at in range(index)
            )  # `replace(` is a function
            return ("WITH" if words[index] in _READS and is_changing else words[index]), parts[index + 1 :]
    return "WITH", parts[1:]


def _table(verb: str, after: list[Token]) -> str:
    lead = {"INSERT": "INTO", "REPLACE": "INTO", "MERGE": "INTO", "DELETE": "FROM"}.get(verb, "")
    words = [part.text.upper() if part.kind == "word" else "" for part in after[:4]]
    if verb not in _CHANGES or lead not in [*words, ""]:
        return ""
    start = words.index(lead) + 1 if lead else 2 * (words[:1] == ["OR"])
    name = after[start : start + 3]
    if len(name) == 3 and name[1].text == ".":
        return name[2].name
    return name[0].name if name else ""


def _parameters(parts: list[Token], dialect: str) -> tuple[int, tuple[str, ...]]:
    never = ("strange", "escaped") if dialect == "sqlite" else ("strange",)
    strange = [part.text for part in parts if part.kind in never]
    marks = sum(part.kind == "mark" for part in parts)
    names = tuple(dict.fromkeys(part.text[1:] for part in parts if part.kind == "named"))
    if strange:
        advice = "that is an operator of PostgreSQL" if strange[0].startswith("??") else "write ? or :name"
        raise ParameterError(f"db was given {strange[0]!r} in a statement: {advice}")
    if marks and names:
        raise ParameterError(f"db was given ? and {':' + names[0]!r} in one statement: write one or the other")
    return marks, names
