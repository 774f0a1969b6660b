"""A table in one line: `users: id integer PK, email text UNIQUE, team integer? -> teams.id, age integer = 0`."""

from collections.abc import Mapping
from typing import Any

from hookspecs import Fact
from manifest.plain_text import plain


def table_line(table: Fact) -> str:
    """Render a fact of kind `table`."""
    data = table.data
    unique = [list(columns) for columns in data.get("unique", ())]
    single = {columns[0] for columns in unique if len(columns) == 1}
    parents = {key["column"]: f" -> {key['table']}.{key['to']}" for key in data.get("foreign_keys", ())}
    key = [name for name, is_of_key in ((one["name"], one["primary_key"]) for one in data.get("columns", ()))
           if is_of_key]  # fmt: skip
    columns = [
        _column(column, column["name"] in single, is_key=[column["name"]] == key) + parents.get(column["name"], "")
        for column in data.get("columns", ())
    ]
    columns += [f"PK({', '.join(key)})"] if len(key) > 1 else []
    columns += [f"UNIQUE({', '.join(rule)})" for rule in unique if len(rule) > 1]
    return f"{plain(table.name)}: {plain(', '.join(columns), 2000)}"


def _column(column: Mapping[str, Any], is_unique: bool, *, is_key: bool) -> str:
    text = f"{column['name']} {column['type']}{'?' if column['nullable'] else ''}".rstrip()
    text += " PK" if is_key else " UNIQUE" if is_unique else ""
    return text if column["default"] is None else f"{text} = {column['default']}"
