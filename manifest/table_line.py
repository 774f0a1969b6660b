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
    columns = [
        _column(column, column["name"] in single) + parents.get(column["name"], "")
        for column in data.get("columns", ())
    ]
    columns += [f"UNIQUE({', '.join(rule)})" for rule in unique if len(rule) > 1]
    return f"{plain(table.name)}: {plain(', '.join(columns), 2000)}"


def _column(column: Mapping[str, Any], is_unique: bool) -> str:
    text = f"{column['name']} {column['type']}{'?' if column['nullable'] else ''}".rstrip()
    text += " PK" if column["primary_key"] else " UNIQUE" if is_unique else ""
    return text if column["default"] is None else f"{text} = {column['default']}"
