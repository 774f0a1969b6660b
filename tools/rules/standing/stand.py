"""What stands, as the rules on all files see it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from hookspecs import Part
from tools.rules.reading import Reading


class Stand(NamedTuple):
    """The files of the plugins that stand, of their domains' models and migrations, and the tools."""

    readings: Mapping[str, Reading]
    """By file, in order; models and migrations are among them, what is broken or disabled is not."""
    tools: Sequence[Part]

    def resolve(self, file: str, name: str) -> Any:
        """Answer with what a dotted name is in a file that was imported; None where that cannot be known."""
        module = sys.modules.get(".".join(PurePath(file).with_suffix("").parts).removesuffix(".__init__"))
        found: Any = module
        for part in name.split(".") if name else ():
            found = getattr(found, part, None)
        return found if name else None

    def event(self, file: str, event: str, name: str) -> str:
        """Answer with an event's name; `*` stands for what is not known."""
        found = self.resolve(file, name) if name else event
        return found if isinstance(found, str) and found else "*"

    def with_tables(self) -> Iterator[tuple[str, str, Reading]]:
        """Yield domain, file and reading of each that has a table in it."""
        for file, reading in self.readings.items():
            if reading.creates or reading.writes:
                yield PurePath(file).parts[1], file, reading
