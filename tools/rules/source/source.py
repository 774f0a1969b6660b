"""A file as the rules see it."""

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePath

from hookspecs import Finding
from tools.rules.source.names import Names, own_nodes


class Source:
    """A plugin's file, or a domain's models, parsed; `file` is relative to the project: `domains/<domain>/...`."""

    def __init__(self, file: str, content: bytes) -> None:
        self.file, self.text = file, content.decode("utf-8", "replace")
        self.tree = ast.parse(content, file)
        self.folder, self.domain = PurePath(file).parts[:2]
        self.names = Names(self.tree)

    @cached_property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """List every function and method."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    @cached_property
    def classes(self) -> list[ast.ClassDef]:
        """List every class."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]

    @cached_property
    def calls(self) -> list[tuple[ast.AST, ast.Call]]:
        """List every call, with the function or module that it stands in."""
        scopes: list[ast.AST] = [self.tree, *self.functions]
        return [(scope, node) for scope in scopes for node in own_nodes(scope) if isinstance(node, ast.Call)]

    @cached_property
    def tools(self) -> dict[str, str]:
        """Map attributes to the tool that they hold, or to nothing: `self.bus = event_bus` in a constructor only."""
        stored: dict[str, list[str]] = {}
        for function in self.functions:
            for target, value in _attributes(function):
                is_made = function.name == "__init__" and isinstance(value, ast.Name)
                stored.setdefault(target, []).append(value.id if is_made and isinstance(value, ast.Name) else "")
        return {attribute: names[0] if len(names) == 1 else "" for attribute, names in stored.items()}

    def tool_of(self, node: ast.AST) -> str:
        """Name the tool that an expression is: `self.bus`, or a parameter that is called as a tool is.

        What the file sets nowhere comes from a base class or a dataclass, which call it as the parameter is called.
        """
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            return self.tools.get(node.attr, node.attr)
        return node.id if isinstance(node, ast.Name) else ""

    def is_hook(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Tell whether a method is marked with `@hookimpl`."""
        marks = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
        return any(self.names.dotted(mark) == "hookspecs.hookimpl" for mark in marks)

    def error(self, code: str, node: ast.AST, message: str) -> Finding:
        """Make a finding that is certain: the file does not run."""
        return Finding(code, message, self.file, getattr(node, "lineno", 1))

    def warning(self, code: str, node: ast.AST, message: str) -> Finding:
        """Make a finding that may be wrong."""
        return Finding(code, message, self.file, getattr(node, "lineno", 1), is_error=False)


def _attributes(function: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield each `self.<attribute>` that a function sets, and to what, where that is plain."""
    for node in own_nodes(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _pairs(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            yield from _pairs(node.target, node.value)


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        same = len(values) == len(target.elts)
        for place, one in enumerate(target.elts):
            yield from _pairs(one, values[place] if same else None)
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        yield target.attr, value
