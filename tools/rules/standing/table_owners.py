"""A table belongs to one domain, which creates it, and which alone writes it."""

from collections.abc import Iterator

from hookspecs import Finding
from tools.rules.standing.stand import Stand

Place = tuple[str, str, int]
"""Domain, file, line."""


def table_owners(stand: Stand) -> Iterator[Finding]:
    """Refuse a second domain that creates a table; warn of one that writes what another one created."""
    owners: dict[str, Place] = {}
    places = ((table, (domain, file, line)) for domain, file, one in stand.with_tables() for table, line in one.creates)
    for table, place in sorted(places):
        first = owners.setdefault(table, place)
        if place[0] != first[0]:
            message = f"table {table} is created by domain {place[0]}, and by {first[0]} ({first[1]}:{first[2]})"
            yield Finding("table-two-owners", f"{message}: rename one", *place[1:])
    for domain, file, reading in stand.with_tables():
        for table, line in reading.writes:
            first = owners.setdefault(table, (domain, file, line))
            if first[0] != domain:
                remedy = f"publish an event that a plugin of {first[0]} handles, or `event_bus.request` it"
                message = f"domain {domain} writes table {table}, which is that of {first[0]} ({first[1]}:{first[2]})"
                yield Finding("table-foreign-write", f"{message}: {remedy}", file, line, is_error=False)
