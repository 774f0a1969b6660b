"""What `db` tells of a schema, and what plugins tell it."""

from typing import NamedTuple

import msgspec


class Column(msgspec.Struct, frozen=True):
    """A column; `default` is as the table declares it.

    `type` is integer, real, decimal, boolean, text, blob, date, time, timestamp, uuid or json, on every engine.
    """

    name: str
    type: str
    nullable: bool
    default: str | None
    primary_key: bool


class ForeignKey(msgspec.Struct, frozen=True):
    """`column` refers to `table`.`to`."""

    column: str
    table: str
    to: str


class Table(msgspec.Struct, frozen=True):
    """A table of the application; `unique` has the columns of each unique rule beside the primary key."""

    name: str
    columns: list[Column]
    unique: list[list[str]]
    foreign_keys: list[ForeignKey]


class Migration(NamedTuple):
    """One step of a schema: `Migration("001_notes", "CREATE TABLE ...")`, numbered like a file."""

    name: str
    sql: str
