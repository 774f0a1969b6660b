"""A table belongs to one domain, which creates it, and which alone writes it."""

from collections.abc import Iterator
from pathlib import Path

from hookspecs import Finding
from tools.rules.source.tables import created
from tools.rules.standing.stand import Stand

Place = tuple[str, str, int]
"""Domain, file, line."""


def table_owners(stand: Stand) -> Iterator[Finding]:
    """Refuse a second domain that creates a table; warn of one that writes what another one created."""
    owners: dict[str, Place] = {}
    for table, place in sorted([*_by_migrations(stand), *_by_plugins(stand)]):
        first = owners.setdefault(table, place)
        if place[0] != first[0]:
            message = f"table {table} is created by domain {place[0]}, and by {first[0]} ({first[1]}:{first[2]})"
            yield Finding("table-two-owners", f"{message}: rename one", *place[1:])
    for domain, file, reading in stand.by_domain():
        for table, line in reading.writes:
            first = owners.setdefault(table, (domain, file, line))
            if first[0] != domain:
                remedy = f"publish an event that a plugin of {first[0]} handles, or `event_bus.request` it"
                message = f"domain {domain} writes table {table}, which is that of {first[0]} ({first[1]}:{first[2]})"
                yield Finding("table-foreign-write", f"{message}: {remedy}", file, line, is_error=False)


def _by_migrations(stand: Stand) -> Iterator[tuple[str, Place]]:
    for path in stand.root.glob(f"{stand.folder}/*/migrations/*.sql"):
        file = path.relative_to(stand.root)
        for table, line in created(_text(path)):
            yield table, (file.parts[1], str(file), line)


def _by_plugins(stand: Stand) -> Iterator[tuple[str, Place]]:
    for domain, file, reading in stand.by_domain():
        for table, line in reading.creates:
            yield table, (domain, file, line)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:  # whoever runs it says so
        return ""
