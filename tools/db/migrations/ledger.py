"""What differs between the migrations that there are and those that the ledger says were applied."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from tools.db.migrations.engine import Applied
from tools.db.migrations.files import MigrationFile


def by_owner(applied: Iterable[Applied]) -> dict[str, dict[str, Applied]]:
    """Index the ledger."""
    index: dict[str, dict[str, Applied]] = {}
    for one in applied:
        index.setdefault(one.owner, {})[one.name] = one
    return index


class Leftover(NamedTuple):
    """Was applied and is no longer here; `tables` are those of it that still stand."""

    applied: Applied
    tables: Sequence[str]
    is_owner_here: bool

    def __str__(self) -> str:
        kind = f" (table{'s' * (len(self.tables) > 1)} {', '.join(self.tables)})" if self.tables else ""
        text = f"applied, no longer here: {self.applied.owner} {self.applied.name}{kind}"
        if self.is_owner_here:
            text += f": {self.applied.owner} is still here, so put it back: a new database would lack what it did"
        return text


def difference(file: MigrationFile, own: Mapping[str, Applied]) -> str:
    """Say what keeps `file` from being applied, or from being the one that was; an empty text for nothing.

    Args:
        file: a step of this engine.
        own: what was applied of its owner, by name.
    """
    if file.name in own:
        if own[file.name].checksum == file.checksum:
            return ""
        return f"{file.file} was edited after it was applied: put it back, and write the change as the next number"
    number, last = file.key[1], max(own.values(), key=lambda one: one.number, default=None)
    if twin := next((one for one in own.values() if one.number == number), None):
        return f"{file.file} has the number of {twin.name}, which was applied: give it the next one, or its name back"
    if last and number < last.number:
        return (
            f"{file.file} comes before {last.name}, which was applied: give it a number after that one, "
            "so that every database gets the same order"
        )
    return ""


def differences(
    files: Sequence[MigrationFile], others: Sequence[MigrationFile], applied: Sequence[Applied]
) -> Iterator[str]:
    """Say what differs; `others` are for another engine, and cannot have been applied here as they are now."""
    here, own = {(file.owner, file.name) for file in files}, by_owner(applied)
    for file in files:
        if problem := difference(file, own.get(file.owner, {})):
            yield problem
    for file in others:
        if file.name in own.get(file.owner, {}) and (file.owner, file.name) not in here:
            yield (
                f"{file.file} was edited after it was applied, and is now for {file.headers.engine} only: "
                "put it back, and write the change as the next number"
            )


def leftovers(
    files: Sequence[MigrationFile], owners: Set[str], applied: Sequence[Applied], tables: Set[str]
) -> list[Leftover]:
    """List what was applied and is in none of `files`, in the order in which it was applied."""
    here = {(file.owner, file.name) for file in files}
    return [
        Leftover(one, [name for name in one.tables if name in tables], one.owner in owners)
        for one in applied
        if (one.owner, one.name) not in here
    ]
