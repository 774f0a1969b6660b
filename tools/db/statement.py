"""Reads the text of a statement: what it does, to which table, with which parameters. Literals and comments aside."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from tools.db.contract import DbError, ParameterError, Params

Bound = tuple[Any, ...] | dict[str, Any]
Stored = Callable[[object, int | str], Any]

_TOKEN = re.compile(
    r"""
      (?P<space>   \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<literal> '[^']*(?:''[^']*)*'? )
    | (?P<quoted>  "[^"]*(?:""[^"]*)*"? | `[^`]*(?:``[^`]*)*`? | \[[^\]]*\]? )
    | (?P<strange> \?\d+ | [@$]\w+ )
    | (?P<mark>    \? )
    | (?P<named>   :\w+ )
    | (?P<word>    [^\W\d][\w$]* )
    | (?P<number>  \d[\w.]* )
    | (?P<sign>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_READS = frozenset({"SELECT", "VALUES", "EXPLAIN"})
_CHANGES = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE"})
_REMEDIES = dict.fromkeys(
    ("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"), "write `async with db.transaction():`"
) | {
    "PRAGMA": "read it as a table, `SELECT * FROM pragma_table_info('users')`; settings are the tool's",
    "ATTACH": "one database a tool",
    "DETACH": "one database a tool",
}


class Token(NamedTuple):
    """A part of a statement that counts; `depth` is that of the parentheses around it."""

    kind: str
    text: str
    end: int
    depth: int

    @property
    def name(self) -> str:
        """The identifier without its quotes."""
        if self.kind != "quoted":
            return self.text
        quote = self.text[-1]
        return self.text[1:-1].replace(quote * 2, quote)


class Statement(NamedTuple):
    """What must be known of a statement before it runs."""

    text: str
    verb: str
    table: str
    marks: int
    names: tuple[str, ...]
    has_returning: bool

    @property
    def is_read(self) -> bool:
        return self.verb in _READS

    @property
    def is_change(self) -> bool:
        return self.verb in _CHANGES

    @property
    def is_insert(self) -> bool:
        return self.verb in ("INSERT", "REPLACE")


def tokens(sql: str) -> Iterator[Token]:
    """Give the parts of `sql` that count: no comments, no blanks."""
    depth = 0
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or ""
        if kind == "space":
            continue
        depth -= match.group() == ")"
        yield Token(kind, match.group(), match.end(), depth)
        depth += match.group() == "("


@lru_cache(maxsize=512)
def read(sql: str, dialect: str = "sqlite") -> Statement:
    """Read a statement, and refuse what would get between this tool and its connections.

    >>> read("INSERT INTO notes (text) VALUES (:text) -- ':no'").names
    ('text',)

    Raises:
        DbError: for BEGIN, PRAGMA and the like.
        ParameterError: for `$1`, and for `?` and `:name` in one statement.
    """
    parts = list(tokens(sql))
    while parts and parts[-1].text == ";":
        parts.pop()
    if not parts:
        raise DbError("db was given an empty statement: write one")
    verb, after = _verb(parts)
    if verb in _REMEDIES:
        raise DbError(f"db was given {verb!r} as a statement: {_REMEDIES[verb]}")
    text = sql[: parts[-1].end]
    marks, names = (0, ()) if verb == "CREATE" else _parameters(parts)
    is_returning = verb in _CHANGES and any(
        part.kind == "word" and part.depth == 0 and part.text.upper() == "RETURNING" for part in after
    )
    return Statement(text, verb, _table(verb, after), marks, names, is_returning)


def _verb(parts: list[Token]) -> tuple[str, list[Token]]:
    """The word that says what is done, behind a WITH too, and what follows it."""
    known = _READS | _CHANGES
    for index, part in enumerate(parts if parts[0].text.upper() == "WITH" else []):
        if part.kind == "word" and part.depth == 0 and part.text.upper() in known:
            return part.text.upper(), parts[index + 1 :]
    return parts[0].text.upper(), parts[1:]


def _table(verb: str, after: list[Token]) -> str:
    lead = {"INSERT": "INTO", "REPLACE": "INTO", "DELETE": "FROM"}.get(verb, "")
    words = [part.text.upper() if part.kind == "word" else "" for part in after[:4]]
    if verb not in _CHANGES or lead not in [*words, ""]:
        return ""
    start = words.index(lead) + 1 if lead else 2 * (words[:1] == ["OR"])
    name = after[start : start + 3]
    if len(name) == 3 and name[1].text == ".":
        return name[2].name
    return name[0].name if name else ""


def _parameters(parts: list[Token]) -> tuple[int, tuple[str, ...]]:
    strange = [part.text for part in parts if part.kind == "strange"]
    marks = sum(part.kind == "mark" for part in parts)
    names = tuple(dict.fromkeys(part.text[1:] for part in parts if part.kind == "named"))
    if strange:
        raise ParameterError(f"db was given {strange[0]!r} in a statement: write ? or :name")
    if marks and names:
        raise ParameterError(f"db was given ? and {':' + names[0]!r} in one statement: write one or the other")
    return marks, names


def bind(statement: Statement, params: Params, stored: Stored) -> Bound:
    """Fit `params` to `statement`, each as `stored` gives it.

    Raises:
        ParameterError: one is missing or spare, or cannot be stored.
    """
    if isinstance(params, Mapping):
        return _bind_names(statement, params, stored)
    if params is not None and not isinstance(params, list | tuple):
        raise ParameterError(f"db was given {type(params).__name__} for parameters: give a tuple, a list or a dict")
    return _bind_marks(statement, params or (), stored)


def _bind_marks(statement: Statement, params: Sequence[Any], stored: Stored) -> Bound:
    if statement.names:
        raise ParameterError(f"db misses parameter {statement.names[0]!r}: give a dict with every :name")
    if len(params) != statement.marks:
        what = "misses a parameter" if len(params) < statement.marks else "has a spare parameter"
        raise ParameterError(f"db {what}, {statement.marks} ? and {len(params)} values: give one for each ?")
    return tuple(stored(value, position) for position, value in enumerate(params, 1))


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
