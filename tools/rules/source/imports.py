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
        elif isinstance(node, ast.Call) and node.args and isinstance(first := node.args[0], ast.Constant):
            is_import = source.names.dotted(node.func) in ("importlib.import_module", "__import__")
            if is_import and isinstance(first.value, str):
                yield node, first.value


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
