"""What a plugin may import: hookspecs, contracts of tools, its own domain's models, and what is not the project's."""

import ast
from collections.abc import Iterator
from pathlib import PurePath

from hookspecs import Finding
from tools.rules.source.source import Source

UPWARD = ("asgi", "kernel", "manifest")


def imports(source: Source) -> Iterator[Finding]:
    """Refuse every import of the project's that does not point down, wherever in the file it stands."""
    for node, name in imported(source):
        if refused := _refused(source, name):
            code, remedy = refused
            yield source.error(code, node, f"{PurePath(source.file).stem} imports {name}: {remedy}")


def needs_models(source: Source) -> bool:
    """Tell whether a file imports its own domain's models."""
    own = ({"domains", source.folder}, source.domain, "models")
    return any(len(parts) > 2 and parts[0] in own[0] and tuple(parts[1:3]) == own[1:]
               for parts in (name.split(".") for _, name in imported(source)))  # fmt: skip


def imported(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Yield what is imported, by full name."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, one.name) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = ".".join([*_above(source, node.level), *([node.module] if node.module else [])])
            yield from ((node, f"{home}.{one.name}") for one in node.names)
        elif isinstance(node, ast.Call) and (name := _imported_by(source, node)):
            yield node, name


def _imported_by(source: Source, call: ast.Call) -> str:
    """Answer with what a call imports; an empty text for any other call, and for a name that is not written out."""
    given = call.args[:1] or [one.value for one in call.keywords if one.arg == "name"]
    if source.names.dotted(call.func) not in ("importlib.import_module", "__import__"):
        return ""
    name = next((one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)), "")
    below = name.lstrip(".")
    return ".".join([*_above(source, len(name) - len(below)), below])


def _above(source: Source, level: int) -> list[str]:
    """Answer with the package that a relative import of this level starts from."""
    return list(PurePath(source.file).parts[:-level]) if level else []


def _refused(source: Source, name: str) -> tuple[str, str] | None:
    top, *rest = name.split(".")
    if top in UPWARD:
        return "import-upward", "ask for a tool in the constructor, or take what hookspecs has"
    if top == "tools" and rest[1:2] != ["contract"]:
        tool = rest[0] if rest else "<tool>"
        return "import-work", f"ask for `{tool}` in the constructor, and import its types from tools.{tool}.contract"
    if top in ("domains", source.folder) and rest != [] and rest[:2] != [source.domain, "models"]:
        if rest[1:2] == ["plugins"]:
            own = f"move what both need to domains/{source.domain}/models.py"
            return "import-plugin", own if rest[0] == source.domain else _bus("that feature")
        return "import-domain", _bus(f"domain {rest[0]}") if rest[0] != source.domain else "import from its models"
    return None


def _bus(whom: str) -> str:
    return f"publish an event, or `event_bus.request` it from {whom}, with a Struct of your own for what you read"
