"""In which order migrations run: each after what it needs or refers to, otherwise by owner and number."""

import re
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from itertools import pairwise

from tools.db.migrations.files import MigrationFile
from tools.db.migrations.headers import Key

_CREATED = re.compile(r'\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?["`\[]?(\w+)', re.IGNORECASE)
_REFERRED = re.compile(r'\bREFERENCES\s+["`\[]?(\w+)', re.IGNORECASE)


def missing(files: Sequence[MigrationFile], others: Sequence[MigrationFile]) -> Iterator[str]:
    """Say what `files` depend on that is not among them; `others` are for another engine."""
    known, elsewhere = {file.key for file in files}, {file.key: file for file in others}
    for file in files:
        for owner, number in file.headers.depends:
            if (owner, number) in known:
                continue
            needed, other = f"{file.file} depends on {owner}/{number:03}", elsewhere.get((owner, number))
            if other is None:
                yield f"{needed}, which is not there: add it or name another"
            else:
                yield f"{needed}, which is for {other.headers.engine} only: add one for this engine, {other.file}"


def ordered(files: Sequence[MigrationFile], problems: list[str]) -> list[MigrationFile]:
    """Give `files` as they run; within an owner each needs the one before. A cycle is a problem, and gives none."""
    known: Mapping[Key, MigrationFile] = {file.key: file for file in files}
    keys = sorted(known)
    needs = {key: [one for one in known[key].headers.depends if one in known] for key in keys}
    for before, key in pairwise(keys):
        needs[key] += [before] if before[0] == key[0] else []
    try:
        order = _sorted({key: [*needs[key], *more] for key, more in _referred(known).items()})
    except CycleError:  # tables that refer to each other, which SQLite creates in any order; or a comment says so
        try:
            order = _sorted(needs)
        except CycleError as error:
            drawn = " -> ".join(known[key].file for key in error.args[1])
            problems.append(f"migrations depend on each other, {drawn}: take one `depends` out")
            return []
    return [known[key] for key in order]


def _referred(known: Mapping[Key, MigrationFile]) -> dict[Key, list[Key]]:
    """Find the steps of other owners that create what each step's foreign keys refer to: no author has to say so."""
    creates: dict[str, Key] = {}
    for key in sorted(known):
        for name in _CREATED.findall(known[key].sql):
            creates.setdefault(name.lower(), key)
    needed = {key: {creates.get(name.lower(), key) for name in _REFERRED.findall(known[key].sql)} for key in known}
    return {key: sorted(one for one in others if one[0] != key[0]) for key, others in needed.items()}


def _sorted(needs: Mapping[Key, Sequence[Key]]) -> list[Key]:
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    ready, order = list[Key](), list[Key]()
    while sorter.is_active():
        for key in sorter.get_ready():
            heappush(ready, key)
        order.append(heappop(ready))
        sorter.done(order[-1])
    return order
