"""The source of a feature, as the authors of such an app would write it."""

from collections.abc import Iterable, Mapping, Sequence

from tests.manifest.golden.shape import Column, Feature, Table

Fields = Mapping[str, str]
PYTHON = {"int": "int", "text": "str", "time": "datetime"}
IMPORTS = {
    "http": "from tools.http.contract import Http",
    "db": "from tools.db.contract import Db",
    "event_bus": "from tools.event_bus.contract import EventBus",
    "auth": "from tools.auth.contract import Auth",
    "scheduler": "from tools.scheduler.contract import Scheduler",
}


def camel(name: str) -> str:
    """Make a class's name.

    >>> camel("order.placed")
    'OrderPlaced'
    """
    return "".join(part.capitalize() for part in name.replace(".", "_").split("_"))


def models_source(domain: str, tables: Iterable[Table], payloads: Mapping[str, Fields]) -> str:
    """Write `models.py`: what is asked for, what is answered, what is published."""
    text = [
        f'"""What the features of `{domain}` share."""\n\nfrom datetime import datetime\n\nfrom msgspec import Struct'
    ]
    for table in tables:
        asked = [_field(one) for one in table.asked] + [
            f"{one.name}: {PYTHON[one.type]} | None = None" for one in table.columns if one.is_nullable
        ]
        text.append(f"class New{table.model}(Struct, forbid_unknown_fields=True):\n    " + "\n    ".join(asked))
        text.append(f"class {table.model}(Struct):\n    " + "\n    ".join(map(_field, table.columns)))
    for event, fields in payloads.items():
        lines = [f"{name}: {PYTHON[kind]}" for name, kind in fields.items()]
        text.append(f"class {camel(event)}(Struct):\n    " + "\n    ".join(lines))
    return "\n\n\n".join(text) + "\n"


def _field(column: Column) -> str:
    return f"{column.name}: {PYTHON[column.type]}{' | None' if column.is_nullable else ''}"


def feature_source(domain: str, one: Feature, table: Table, events: Mapping[str, Fields]) -> str:
    """Write a plugin's file."""
    first, *rest = one.trigger.split()
    match first:
        case "on":
            wiring, handler, needs, extra = _hearing(one, table, rest[0], events[rest[0]])
        case "cron":
            wiring, handler, needs, extra = _timed(domain, one, table, " ".join(rest))
        case _:
            wiring, handler, needs, extra = _served(first, rest, one, table)
    needs = [*needs, *(["event_bus"] if one.event and "event_bus" not in needs else [])]
    if one.event:
        payload = ", ".join(f"row.{name}" for name in events[one.event])
        publish = f'await self.bus.publish("{one.event}", {camel(one.event)}({payload}))\n'
        handler = handler.replace("#publish\n", publish)
    handler = handler.replace("            #publish\n", "")
    imports = _imports(domain, one, table, handler, needs, extra)
    said = f"{one.trigger.removesuffix(' admin').removesuffix(' public')}: {one.summary}"
    said = f"{said[0].upper()}{said[1:]}" + (f", publish `{one.event}`" if one.event else "")
    given = ", ".join(f"{name}: {camel('EventBus' if name == 'event_bus' else name)}" for name in needs)
    given = given.replace("Eventbus", "EventBus")
    kept = ", ".join(f"self.{'bus' if name == 'event_bus' else name}" for name in needs)
    body = f'''class {camel(one.name)}:
    """{said}."""

    def __init__(self, {given}) -> None:
        {kept} = {", ".join(needs)}

    @hookimpl
    async def on_boot(self) -> None:
        {wiring}

{handler}'''
    return "\n".join(imports) + "\n\n\n" + extra + body


def _imports(domain: str, one: Feature, table: Table, handler: str, needs: Sequence[str], extra: str) -> list[str]:
    used = {f"New{table.model}", table.model, camel(one.event)} if one.event else {f"New{table.model}", table.model}
    names = sorted(name for name in used if f"{name}(" in handler or f": {name}" in handler or f"[{name}]" in handler
                   or f"-> {name}" in handler or f"into={name}" in handler)  # fmt: skip
    imports = [f"from domains.{domain}.models import {', '.join(names)}"] if names else []
    imports += ["from msgspec import Struct"] if extra else []
    imports += ["from hookspecs import Refusal, hookimpl" if "Refusal" in handler else "from hookspecs import hookimpl"]
    imports += sorted(IMPORTS[name] + (", Page, Paging" if name == "http" and "Paging" in handler else "")
                      for name in needs)  # fmt: skip
    return imports


def _served(method: str, rest: Sequence[str], one: Feature, table: Table) -> tuple[str, str, list[str], str]:
    path, who = rest[0], rest[1] if rest[1:] else ""
    protection = {"public": "public=True", "admin": 'guard=self.auth.require("admin")'}.get(
        who, "guard=self.auth.require()"
    )
    needs = ["http", "db", *([] if who == "public" else ["auth"])]
    status = ", status=201" if method == "POST" and "{" not in path else ""
    wiring = f'self.http.add_endpoint("{path}", "{method}", self.execute{status}, {protection})'
    return wiring, _handler(method, path, table), needs, ""


def _handler(method: str, path: str, table: Table) -> str:
    model, names = table.model, ", ".join(column.name for column in table.columns)
    inside = (
        _missing(model).replace("        if", "            if").replace("            raise", "                raise")
    )
    if method == "GET":
        return _reading(path, table)
    if method == "POST" and "{" not in path:
        asked = [column.name for column in table.asked]
        return f"""    async def execute(self, new: New{model}) -> {model}:
        async with self.db.transaction():
            row: {model} = await self.db.query_one(
                "INSERT INTO {table.name} ({", ".join(asked)}) VALUES ({", ".join("?" * len(asked))})"
                " RETURNING {names}",
                ({", ".join(f"new.{name}" for name in asked)},), into={model})
            #publish
        return row
"""
    if method == "DELETE":
        return f"""    async def execute(self, id: int) -> None:
        async with self.db.transaction():
            row: {model} | None = await self.db.query_one(
                "DELETE FROM {table.name} WHERE id = ? RETURNING {names}", (id,), into={model})
{inside}            #publish
"""
    changed, new = next((one.name for one in table.columns if one.name == "status"), table.columns[1].name), ""
    value = repr(path.rpartition("/")[2]) if changed == "status" and method == "POST" else "value"
    if value == "value":
        new = f", value: {PYTHON[table.column(changed).type]}"
    return f"""    async def execute(self, id: int{new}) -> {model}:
        async with self.db.transaction():
            row: {model} | None = await self.db.query_one(
                "UPDATE {table.name} SET {changed} = ? WHERE id = ? RETURNING {names}",
                ({value}, id), into={model})
{inside}            #publish
        return row
"""


def _reading(path: str, table: Table) -> str:
    model, names = table.model, ", ".join(column.name for column in table.columns)
    if "{" not in path:
        return f"""    async def execute(self, page: Paging) -> Page[{model}]:
        rows: list[{model}] = await self.db.query(
            "SELECT {names} FROM {table.name} WHERE id > ? ORDER BY id LIMIT ?",
            (*page.start(0), page.rows), into={model})
        return page.of(rows, lambda row: row.id)
"""
    return f"""    async def execute(self, id: int) -> {model}:
        row: {model} | None = await self.db.query_one(
            "SELECT {names} FROM {table.name} WHERE id = ?", (id,), into={model})
{_missing(model)}        return row
"""


def _missing(model: str) -> str:
    return f'        if row is None:\n            raise Refusal(404, "no such {model.lower()}")\n'


def _hearing(one: Feature, table: Table, event: str, fields: Fields) -> tuple[str, str, list[str], str]:
    columns = [column.name for column in table.columns]
    key = next((name for name in fields if name != "id" and name in columns), "id")
    noun = f"{event.partition('.')[0]}_id"
    own = f"{table.model.lower()}_id"
    column, field = (noun, "id") if noun in columns and "id" in fields else (key, key)
    if own in fields:
        column, field = "id", own
    if field not in fields:
        column = field = next(iter(fields))
    model, names = table.model, ", ".join(columns)
    changed = next((name for name in ("status", "title", "price_cents", "stars", "points") if name in columns),
                   columns[1])  # fmt: skip
    value = repr(one.name.rpartition("_")[2]) if table.column(changed).type == "text" else "1"
    heard = {name: kind for name, kind in fields.items() if name == field or name in columns}
    lines = "\n    ".join(f"{name}: {PYTHON[kind]}" for name, kind in heard.items())
    extra = f"class {camel(event)}Heard(Struct):\n    {lines}\n\n\n"
    handler = f"""    async def execute(self, event: {camel(event)}Heard) -> None:
        async with self.db.transaction():
            row = await self.db.query_one(
                "UPDATE {table.name} SET {changed} = ? WHERE {column} = ? RETURNING {names}",
                ({value}, event.{field}), into={model})
            if row is None:
                return
            #publish
"""
    if not one.event:
        handler = f"""    async def execute(self, event: {camel(event)}Heard) -> None:
        await self.db.execute("UPDATE {table.name} SET {changed} = ? WHERE {column} = ?", ({value}, event.{field}))
"""
    return f'self.bus.subscribe("{event}", self.execute)', handler, ["db", "event_bus"], extra


def _timed(domain: str, one: Feature, table: Table, expression: str) -> tuple[str, str, list[str], str]:
    due, names = f"{domain}.{one.name}_due", ", ".join(column.name for column in table.columns)
    wiring = f'self.scheduler.cron("{one.name}", "{expression}", "{due}")\n'
    wiring += f'        self.bus.subscribe("{due}", self.execute)'
    changed = next((one.name for one in table.columns if one.name == "status"), table.columns[1].name)
    each = (
        "for row in rows:\n"
        if one.event
        else f'await self.db.execute("UPDATE {table.name} SET {changed} = ? WHERE id = ?", ("0", 0))\n'
    )
    handler = f"""    async def execute(self, due: dict[str, str]) -> None:
        async with self.db.transaction():
            rows: list[{table.model}] = await self.db.query("SELECT {names} FROM {table.name}", into={table.model})
            {each}                #publish
"""
    if not one.event:
        handler = handler.replace("rows: list", "self.rows: list").replace("    #publish", "#publish")
    return wiring, handler, ["scheduler", "event_bus", "db"], ""
