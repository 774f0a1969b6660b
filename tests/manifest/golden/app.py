"""A shop of 200 plugins in 16 domains, made from the lines of `app/*.txt`: the same bytes each time, and it boots.

table orders Order: user_id int, status text = placed      id and defaults are added
event order.placed: id, user_id                            fields are columns of the table that it is about
place_order: POST /orders admin -> orders, order.placed; store an order       also `on <event>`, `cron <expression>`
"""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.manifest.golden.shape import Column, Feature, Table
from tests.manifest.golden.source import feature_source, models_source

TEXTS = Path(__file__).parent / "domains"
PROJECT = Path(__file__).parents[3]
SHARED = ("asgi.py", "hookspecs.py", "kernel", "manifest", "tools")
SHIPPED = ("schedule_events", "share_counters", "store_events")  # what a shop takes from the shipped `system`
SQL = {"int": "INTEGER", "text": "TEXT", "time": "TIMESTAMP"}
_FEATURE = re.compile(r"(?P<name>\w+): (?P<trigger>.+?) -> (?P<table>\w+)(?:, (?P<event>[\w.]+))?; (?P<summary>.+)")


class Domain(NamedTuple):
    """What one text says."""

    name: str
    tables: Mapping[str, Table]
    events: Mapping[str, Sequence[str]]
    features: Sequence[Feature]


def domains() -> list[Domain]:
    """Read all texts, by name."""
    return [_domain(path) for path in sorted(TEXTS.glob("*.txt"))]


def write_app(root: Path) -> Path:
    """Write the app into an empty folder, with this checkout's kernel and tools."""
    everything = domains()
    fields = {name: types for domain in everything for name, types in _payloads(domain).items()}
    for domain in everything:
        folder = root / "domains" / domain.name
        (folder / "plugins").mkdir(parents=True)
        (folder / "migrations").mkdir()
        (folder / "models.py").write_text(models_source(domain.name, domain.tables.values(), _payloads(domain)))
        (folder / "migrations" / f"001_{domain.name}.sql").write_text("\n".join(_sql(domain)))
        for one in domain.features:
            source = feature_source(domain.name, one, domain.tables[one.table], fields)
            (folder / "plugins" / f"{one.name}.py").write_text(source)
    (root / "domains/system/plugins").mkdir(parents=True)
    for name in SHIPPED:
        shutil.copy(PROJECT / f"domains/system/plugins/{name}.py", root / "domains/system/plugins")
    for name in SHARED:
        (root / name).symlink_to(PROJECT / name)
    return root


def _domain(path: Path) -> Domain:
    tables, events, features = dict[str, Table](), dict[str, Sequence[str]](), list[Feature]()
    for line in path.read_text().splitlines():
        head, _, rest = line.partition(": ")
        match head.split():
            case ["table", name, model]:
                tables[name] = Table(name, model, [Column("id", "int"), *map(_column, rest.split(", "))])
            case ["event", name]:
                events[name] = rest.split(", ")
            case _:
                found = _FEATURE.fullmatch(line)
                assert found, line
                features.append(Feature(**{key: value or "" for key, value in found.groupdict().items()}))
    return Domain(path.stem, tables, events, features)


def _column(text: str) -> Column:
    name, kind, *rest = text.split()
    default = rest[1] if rest[:1] == ["="] else ""
    return Column(name, kind, default, "?" in rest, "!" in rest, rest[1] if rest[:1] == [">"] else "")


def _payloads(domain: Domain) -> dict[str, dict[str, str]]:
    """Give the fields of events their types: those of the table that the publishing feature writes."""
    publishers = {one.event: domain.tables[one.table] for one in domain.features if one.event}
    return {
        event: {name: (publishers[event].column(name) if event in publishers else Column(name, "int")).type
                for name in names}
        for event, names in domain.events.items()
    }  # fmt: skip


def _sql(domain: Domain) -> Iterator[str]:
    parents = [column.parent for table in domain.tables.values() for column in table.columns]
    for table in sorted(domain.tables.values(), key=lambda table: table.name not in parents):
        columns = ["id INTEGER PRIMARY KEY", *map(_sql_column, table.columns[1:])]
        yield f"CREATE TABLE {table.name} (\n    " + ",\n    ".join(columns) + "\n);"


def _sql_column(column: Column) -> str:
    default = {"": "", "now": " DEFAULT CURRENT_TIMESTAMP"}.get(column.default)
    if default is None:
        default = f" DEFAULT {column.default if column.type == 'int' else repr(column.default)}"
    rules = ("" if column.is_nullable else " NOT NULL") + default + (" UNIQUE" if column.is_unique else "")
    parent = f" REFERENCES {column.parent} (id)" if column.parent else ""
    return f"{column.name} {SQL[column.type]}{rules}{parent}"
