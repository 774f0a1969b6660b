"""The migrations that there are, from `migrations/` folders and from plugins, in the order in which they apply."""

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from hookspecs import Answer
from tools.db.contract import MigrationError
from tools.db.statement import tokens

_NAME = re.compile(r"(\d{3,})_[a-z0-9_]+")
_DEPENDS = re.compile(r"--\s*depends:\s*(.*)")
_STEP = re.compile(r"([\w.-]+)/(\d{3,})(?:_\w+)?(?:\.sql)?")
_ITS_OWN = ("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE")

Key = tuple[str, int]


class MigrationFile(NamedTuple):
    """One step: `owner` is a domain or a plugin, `file` where to read it."""

    owner: str
    name: str
    sql: str
    file: str

    @property
    def key(self) -> Key:
        return self.owner, int(self.name.split("_")[0])

    @property
    def checksum(self) -> str:
        """The same for every line ending, which version control may change."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()

    def statements(self) -> Iterator[tuple[int, str]]:
        """Give each statement with its line; `;` in literals, comments and triggers does not end one."""
        begin, line, pieces = 0, 1, self.sql.split(";")
        for end in range(1, len(pieces) + 1):
            text = ";".join(pieces[begin:end]) + (";" if end < len(pieces) else "")
            if end == len(pieces) or sqlite3.complete_statement(text):
                if text.strip(" \t\r\n;"):
                    yield line + text[: len(text) - len(text.lstrip())].count("\n"), text
                line += text.count("\n")
                begin = end

    def depends(self) -> Iterator[Key | str]:
        """Give what `-- depends: users/001` lines at the top name; text for what cannot be read."""
        for line in self.sql.splitlines():
            if line.strip() and not line.lstrip().startswith("--"):
                return
            found = _DEPENDS.match(line.strip())
            for word in found[1].replace(",", " ").split() if found else ():
                step = _STEP.fullmatch(word)
                yield (step[1], int(step[2])) if step else word


def collected(domains: Iterable[Path], answers: Iterable[Answer]) -> list[MigrationFile]:
    """Read them all, in order.

    Raises:
        MigrationError: a file that cannot be a migration, or one that depends on what is not there; all of them.
    """
    problems: list[str] = []
    files = [*_of_domains(domains, problems), *_of_plugins(answers, problems)]
    known: dict[Key, MigrationFile] = {}
    for file in files:
        problems += _faults_in(file)
        if file.key in known:
            problems.append(f"{file.file} has the number of {known[file.key].file}: give it the next one")
        known[file.key] = file
    problems += _missing(known)
    if problems:
        raise MigrationError("; ".join(problems))
    return _ordered(known)


def _of_domains(domains: Iterable[Path], problems: list[str]) -> Iterator[MigrationFile]:
    for domain in domains:
        for path in sorted((domain / "migrations").glob("*")):
            file = f"{domain.parent.name}/{domain.name}/migrations/{path.name}"
            if path.suffix.lower() != ".sql":
                continue
            if path.suffix == ".sql" and _NAME.fullmatch(path.stem):
                yield MigrationFile(domain.name, path.stem, path.read_text("utf-8"), file)
            else:
                problems.append(f"{file} is no migration's name: call it like 001_what_it_does.sql")


def _of_plugins(answers: Iterable[Answer], problems: list[str]) -> Iterator[MigrationFile]:
    for answer in answers:
        if answer.error is not None:
            problems.append(f"{answer.file} gave no migrations, {type(answer.error).__name__}: {answer.error}")
            continue
        for name, sql in answer.value or ():
            if _NAME.fullmatch(name):
                yield MigrationFile(answer.owner, name, sql, f"{answer.file}:{name}")
            else:
                problems.append(f"{answer.file} has a migration {name!r}: call it like 001_what_it_does")


def _faults_in(file: MigrationFile) -> Iterator[str]:
    for line, text in file.statements():
        first = next(tokens(text), None)
        if first is not None and first.text.upper() in _ITS_OWN:
            yield f"{file.file}:{line} has {first.text.upper()}: leave it out, each file is one transaction"


def _missing(known: dict[Key, MigrationFile]) -> Iterator[str]:
    for file in known.values():
        for needed in file.depends():
            if isinstance(needed, str):
                yield f"{file.file} depends on {needed!r}, which is no migration: write it like users/001"
            elif needed not in known:
                yield f"{file.file} depends on {needed[0]}/{needed[1]:03}, which is not there: add it or name another"


def _ordered(known: dict[Key, MigrationFile]) -> list[MigrationFile]:
    """By owner and number, but nothing before what it needs; within an owner each needs the one before."""
    keys = sorted(known)
    needs = {key: [one for one in known[key].depends() if isinstance(one, tuple)] for key in keys}
    for before, key in pairwise(keys):
        needs[key] += [before] if before[0] == key[0] else []
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        raise MigrationError(_drawn([known[key] for key in error.args[1]])) from None
    ready: list[Key] = []
    order = []
    while sorter.is_active():
        for key in sorter.get_ready():
            heappush(ready, key)
        order.append(heappop(ready))
        sorter.done(order[-1])
    return [known[key] for key in order]


def _drawn(cycle: Sequence[MigrationFile]) -> str:
    return f"migrations depend on each other, {' -> '.join(file.file for file in cycle)}: take one `depends` out"
