"""What the texts of the golden app say, in parts."""

from collections.abc import Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """A column; `parent` is the table that it points at."""

    name: str
    type: str
    default: str = ""
    is_nullable: bool = False
    is_unique: bool = False
    parent: str = ""


class Table(NamedTuple):
    """A table and the name of its rows."""

    name: str
    model: str
    columns: Sequence[Column]

    def column(self, name: str) -> Column:
        """Find a column by name."""
        return next(one for one in self.columns if one.name == name)

    @property
    def asked(self) -> list[Column]:
        """What a client gives for a new row."""
        return [one for one in self.columns[1:] if not one.default and not one.is_nullable]


class Feature(NamedTuple):
    """A line of a domain's text."""

    name: str
    trigger: str
    table: str
    event: str
    summary: str
