"""The migrations that there are, from `migrations/` folders and from plugins, and what is wrong with them as text."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hookspecs import Answer, System
from tools.db.migrations.headers import Headers, Key, read_headers

_NAME = re.compile(r"(\d{3,})_[a-z0-9_]+")
_WAIVERS = re.compile(r"^[ \t]*-- rule-ok\b.*(?:\n|$)", re.MULTILINE)


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
    def headers(self) -> Headers:
        return read_headers(self.sql)

    @property
    def checksum(self) -> str:
        """The same for every line ending, which version control may change, and every waiver of a rule above a line."""
        return hashlib.sha256(_WAIVERS.sub("", self.sql.replace("\r\n", "\n")).encode()).hexdigest()


class Found(NamedTuple):
    """All that was found: steps of every engine, whose they could be, and what is wrong with them.

    `broken` are plugins that a quarantine left out: what they carry is not known.
    """

    files: list[MigrationFile]
    owners: frozenset[str]
    problems: list[str]
    broken: Sequence[str] = ()


async def found_in(system: System) -> Found:
    """Read those of a system: from its domains' folders, and from its plugins."""
    broken = [part.file for part in system.plugins if part.state == "broken"]
    return found(system.domains, await system.gather("register_migrations"))._replace(broken=broken)


def found(domains: Iterable[Path], answers: Iterable[Answer]) -> Found:
    """Read them all: those of `domains` from their folders, those of plugins from their `answers`."""
    problems: list[str] = []
    domains, answers = list(domains), list(answers)
    files = [*_of_domains(domains, problems), *_of_plugins(answers, problems)]
    problems += [f"{file.file} {problem}" for file in files for problem in file.headers.problems]
    problems += _doubles(files)
    return Found(files, frozenset([*(one.name for one in domains), *(one.owner for one in answers)]), problems)


def _of_domains(domains: Iterable[Path], problems: list[str]) -> Iterator[MigrationFile]:
    for domain in domains:
        for path in sorted((domain / "migrations").glob("*")):
            file = f"{domain.parent.name}/{domain.name}/migrations/{path.name}"
            if path.suffix.lower() != ".sql":
                continue
            if path.suffix != ".sql" or not _NAME.fullmatch(path.stem):
                problems.append(f"{file} is no migration's name: call it like 001_what_it_does.sql")
                continue
            try:
                yield MigrationFile(domain.name, path.stem, path.read_text("utf-8-sig"), file)
            except (OSError, UnicodeDecodeError) as error:
                problems.append(f"{file} cannot be read, {error}: let this process read it, and save it as UTF-8")


def _of_plugins(answers: Iterable[Answer], problems: list[str]) -> Iterator[MigrationFile]:
    for answer in answers:
        if answer.error is not None:
            problems.append(f"{answer.file} gave no migrations, {type(answer.error).__name__}: {answer.error}")
            continue
        for one in answer.value or ():
            if not (isinstance(one, tuple) and [type(part) for part in one] == [str, str]):
                advice = 'write Migration("001_notes", "CREATE TABLE ...")'
                problems.append(f"{answer.file} gives {repr(one)[:40]} as a migration: {advice}")
            elif _NAME.fullmatch(one[0]):
                yield MigrationFile(answer.owner, one[0], one[1], f"{answer.file}:{one[0]}")
            else:
                problems.append(f"{answer.file} has a migration {one[0]!r}: call it like 001_what_it_does")


def _doubles(files: Iterable[MigrationFile]) -> Iterator[str]:
    """Two steps of one number, unless each is for another engine."""
    known: dict[Key, list[MigrationFile]] = {}
    for file in files:
        for other in known.setdefault(file.key, []):
            engines = {file.headers.engine, other.headers.engine}
            if len(engines) == 1 or "" in engines:
                yield f"{file.file} has the number of {other.file}: give it the next one"
        known[file.key].append(file)
