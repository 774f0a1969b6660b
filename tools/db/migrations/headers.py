"""The `-- name: value` lines at the top of a migration: what it depends on, which engine it is for, how it runs."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

ENGINES = ("postgresql", "sqlite")

_LINE = re.compile(r"--\s*(\w+)\s*:\s*(.*)")
_STEP = re.compile(r"([\w.-]+)/(\d{3,})(?:_\w+)?(?:\.sql)?")
_NAMES = ("depends", "engine", "transaction")
_NEAR = 0.8
"""So that `depend:` is a slip, and `note:` a comment."""

Key = tuple[str, int]
"""Owner and number."""


class Headers(NamedTuple):
    """What the top of a file says; `engine` is empty for every engine, `problems` is what cannot be read."""

    depends: tuple[Key, ...] = ()
    engine: str = ""
    is_transaction: bool = True
    problems: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def read_headers(sql: str) -> Headers:
    r"""Read the comment lines before the first statement.

    >>> read_headers("-- notes of users\n-- depends: users/002\n-- engine: sqlite\nCREATE TABLE ...")
    Headers(depends=(('users', 2),), engine='sqlite', is_transaction=True, problems=())
    >>> read_headers("-- engine: postgres\n").problems
    ("has engine 'postgres', which is none: write postgresql or sqlite, or leave the header out for both",)
    """
    depends: list[Key] = []
    problems: list[str] = []
    engines: list[str] = []
    is_transaction = True
    for name, value in _lines(sql):
        if name == "depends":
            depends += _steps(value, problems)
        elif name == "engine":
            engines.append(_engine(value, problems))
        elif name == "transaction":
            is_transaction = value.lower() != "none"
            if is_transaction:
                problems.append(f"has transaction {value!r}: write none, or leave the header out for the usual one")
        elif near := get_close_matches(name, _NAMES, 1, _NEAR):
            problems.append(f"has header {name!r}, which is none: write {near[0]!r}, or reword the comment")
    if len(engines) > 1:
        problems.append("has two engine headers: keep one, or leave both out for every engine")
    return Headers(tuple(depends), "".join(engines[:1]), is_transaction, tuple(problems))


def _lines(sql: str) -> Iterator[tuple[str, str]]:
    for line in map(str.strip, sql.splitlines()):
        if line and not line.startswith("--"):
            return
        if found := _LINE.match(line):
            yield found[1].lower(), found[2].strip()


def _steps(value: str, problems: list[str]) -> Iterator[Key]:
    words = value.replace(",", " ").split()
    if not words:
        problems.append("depends on nothing: name a step like users/001, or take the header out")
    for word in words:
        if step := _STEP.fullmatch(word):
            yield step[1], int(step[2])
        else:
            problems.append(f"depends on {word!r}, which is no migration: write it like users/001")


def _engine(value: str, problems: list[str]) -> str:
    if value.lower() not in ENGINES:
        known = " or ".join(ENGINES)
        problems.append(f"has engine {value!r}, which is none: write {known}, or leave the header out for both")
    return value.lower()
