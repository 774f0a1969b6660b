"""The six tools as an assistant reads them before it has asked for anything: every word here costs it, each time."""

from typing import Any

INSTRUCTIONS = "Read `context` first. After a change: `check`, then `try_call`."

_TEXT, _OBJECT, _NUMBER = {"type": "string"}, {"type": "object"}, {"type": "integer"}


def _tool(name: str, description: str, required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {**properties, "budget": _NUMBER}}
    return {"name": name, "description": description, "inputSchema": {**schema, "required": [*required]}}


TOOLS = [
    _tool(
        "context",
        "What an author needs: how to write a plugin, the tools, every domain. `domain`: one domain in full. "
        "`task`: only what a task needs. `budget` (all tools): most tokens of the answer, 1000 if not given.",
        task=_TEXT,
        domain=_TEXT,
    ),
    _tool(
        "inspect",
        "One plugin, tool, route, event, table or setting by name (`users.login`, `POST /users`): what stands, its "
        "file, and its source if it fits.",
        ("what",),
        what=_TEXT,
    ),
    _tool(
        "try_call",
        "Rehearse a request; nothing is stored or sent. Tells the answer, the SQL, the events held back, the log. "
        "`as_user`: whose token, subject then scopes: `1 admin`.",
        ("method", "path"),
        method=_TEXT,
        path=_TEXT,
        body={},
        headers=_OBJECT,
        query=_OBJECT,
        as_user=_TEXT,
    ),
    _tool(
        "logs",
        "Last log records, newest last. `level`: the lowest; `since`: ISO time.",
        level={"enum": ["debug", "info", "warning", "error"]},
        since=_TEXT,
    ),
    _tool("trace", "Events that followed from a request, as a tree.", ("trace_id",), trace_id=_TEXT),
    _tool("check", "Broken plugins, broken rules, stale generated files."),
]
