"""Whose code a request would reach, and whether all that it does can be taken back."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from hookspecs import Fact, Part, System
from tools.assistant.stand_ins import is_rehearsable

_DIRECT = frozenset(
    ("aiohttp", "aiosmtplib", "asyncpg", "boto3", "ftplib", "httpcore", "httpx", "httpx2", "kafka", "paramiko",
     "psycopg", "redis", "requests", "shutil", "smtplib", "socket", "sqlite3", "subprocess", "urllib.request",
     "urllib3", "websockets")
)  # fmt: skip
"""Modules that reach out by themselves: what goes through them is not undone by anybody."""
_PLACEHOLDER = re.compile(r"\{\w+(?::(\w+))?\}")


class RefusedError(Exception):
    """A call that cannot be rehearsed; the text says whose fault that is."""


def check_route(system: System, root: Path, method: str, path: str) -> list[str]:
    """Name the plugins that may answer a request.

    All routes that fit are looked at, though only one will answer: which one is the http tool's to decide.

    Raises:
        RefusedError: the effects of one of them cannot be taken back.
    """
    routes = [fact for fact in system.facts if fact.kind == "endpoint" and _fits(fact, method, path)]
    below = [fact for fact in system.facts if fact.kind == "mount" and _is_below(path, fact.name)]
    if not routes and below:
        raise RefusedError(f"{below[0].owner} mounts another app at {below[0].name}: what that does is not taken back")
    owners = sorted({fact.owner for fact in routes})
    for plugin in system.plugins:
        if plugin.name in owners or (plugin.state == "ready" and _stands_around(plugin)):
            _check_plugin(system, root, plugin)
    return owners


def _stands_around(plugin: Part) -> bool:
    """Tell whether a plugin's middleware sees every request."""
    own = (one for one in vars(sys.modules[plugin.module]).values() if isinstance(one, type))
    return any(one.__module__ == plugin.module and hasattr(one, "register_middleware") for one in own)


def _check_plugin(system: System, root: Path, plugin: Part) -> None:
    tools = {tool.name: tool for tool in system.tools}
    for name in plugin.needs:
        if not is_rehearsable(tools[name]):
            raise RefusedError(
                f"{plugin} cannot be rehearsed: it asks for the tool {name!r}, whose effects are not known to be "
                f"taken back (its contract would say `is_rehearsable = True`)"
            )
    for module in sorted(_imported(root / plugin.file) & _DIRECT):
        raise RefusedError(f"{plugin} cannot be rehearsed: it imports {module}, whose effects nobody takes back")


def _imported(file: Path) -> set[str]:
    found: set[str] = set()
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # it came as a package
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(_and_its_parent(one.name for one in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(_and_its_parent([node.module, *(f"{node.module}.{one.name}" for one in node.names)]))
    return found


def _and_its_parent(names: Iterator[str] | list[str]) -> Iterator[str]:
    for name in names:
        yield name
        yield name.partition(".")[0]


def _fits(fact: Fact, method: str, path: str) -> bool:
    served = {"HEAD": ("HEAD", "GET")}.get(method, (method,))
    return fact.data.get("method") in served and _pattern(str(fact.data.get("path", ""))).fullmatch(path) is not None


def _pattern(template: str) -> re.Pattern[str]:
    """Make a pattern that lets through at least what a route does.

    >>> _pattern("/files/{rest:path}").pattern, _pattern("/users/{id}").pattern
    ('/files/.*', '/users/[^/]*')
    """
    literal, kinds = _PLACEHOLDER.split(template)[::2], _PLACEHOLDER.split(template)[1::2]
    parts = [re.escape(literal[0])]
    for kind, after in zip(kinds, literal[1:], strict=True):
        parts += [".*" if kind == "path" else "[^/]*", re.escape(after)]
    return re.compile("".join(parts), re.DOTALL)


def _is_below(path: str, mount: str) -> bool:
    return mount == "/" or path == mount or path.startswith(f"{mount.rstrip('/')}/")
