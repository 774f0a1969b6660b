"""Calls that keep the event loop from everybody else: none in an `async def`."""

import ast
from collections.abc import Iterator

from hookspecs import Finding
from tools.rules.source.names import own_nodes
from tools.rules.source.outside_calls import outside_call
from tools.rules.source.source import Source

REMEDY = {
    "files": "await asyncio.to_thread(...), or make the handler a `def`, which runs in a thread",
    "network": "await an httpx.AsyncClient, or asyncio.open_connection",
    "process": "await asyncio.create_subprocess_exec(...)",
    "database": "ask for the tool `db`",
    "waiting": "await asyncio.sleep(...), or make the handler a `def`, which runs in a thread",
    "hashing": "await `auth.hash_password` and `auth.verify_password`",
}


def blocking(source: Source) -> Iterator[Finding]:
    """Warn of each; files may be touched in hooks, where nobody waits."""
    for function in source.functions:
        if isinstance(function, ast.AsyncFunctionDef):
            nodes = [*own_nodes(function)]
            awaited = {
                node.value for node in nodes if isinstance(node, ast.Await)
            }  # what can be awaited does not block
            for node in nodes:
                found = None
                if isinstance(node, ast.Call) and node not in awaited:
                    found = outside_call(node, source.names)
                if found and not (found[0] == "files" and source.is_hook(function)):
                    message = f"{found[1]}() blocks the event loop in `async def {function.name}`: {REMEDY[found[0]]}"
                    yield source.warning("blocking-call", node, message)
