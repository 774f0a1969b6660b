"""A plugin with all that is known about it: what every text about plugins is made from."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from hookspecs import Fact, Part, System
from manifest.outgoing import Outgoing, outgoing

PACKAGES = ""  # the domain of what came through an entry point


class Feature(NamedTuple):
    """A plugin that stands, its facts in order of kind and name, and what it sends."""

    part: Part
    facts: Sequence[Fact]
    sends: Sequence[Outgoing]

    def of(self, *kinds: str) -> list[Fact]:
        """List the facts of these kinds."""
        return [fact for fact in self.facts if fact.kind in kinds]


def in_order(system: System) -> list[Fact]:
    """List the facts in an order that is the same at every boot."""
    return sorted(system.facts, key=lambda fact: (fact.kind, fact.owner, fact.name, fact.summary, str(fact.data)))


def features(system: System, root: Path) -> list[Feature]:
    """List the plugins that stand, by name: what is broken or disabled does nothing, and is not among them."""
    by_owner: dict[str, list[Fact]] = {}
    for fact in in_order(system):
        by_owner.setdefault(fact.owner, []).append(fact)
    standing = [part for part in system.plugins if part.state not in ("broken", "disabled")]
    standing.sort(key=lambda part: part.name)
    return [Feature(part, by_owner.get(part.name, []), outgoing(part, root)) for part in standing]


def domain_names(system: System) -> set[str]:
    """Name the domains."""
    return {domain.name for domain in system.domains}


def domain_of(owner: str, names: Collection[str]) -> str:
    """Name the domain that an owner belongs to; `PACKAGES` for none of them."""
    name = owner.partition(".")[0]
    return name if name in names else PACKAGES
