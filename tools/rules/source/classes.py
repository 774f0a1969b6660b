"""Names that are given twice, and more than one plugin in a file."""

import ast
from collections.abc import Iterator

from hookspecs import Finding
from tools.rules.source.source import Source

Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def plugins(source: Source) -> Iterator[Finding]:
    """Refuse a second class with hooks."""
    found = [one for one in source.tree.body if isinstance(one, ast.ClassDef) and _has_hooks(source, one)]
    for extra in found[1:]:
        remedy = "one file is one feature: give it a file of its own"
        yield source.error("two-plugins", extra, f"{extra.name} is a plugin, as {found[0].name} above is: {remedy}")


def duplicates(source: Source) -> Iterator[Finding]:
    """Refuse a definition that replaces another one of the same body, and warn of one that hides an import."""
    for body in [source.tree.body, *(one.body for one in source.classes)]:
        seen: dict[str, int] = {}
        for node in body:
            if isinstance(node, Named) and node.name != "_":
                is_plain = not node.decorator_list or (not isinstance(node, ast.ClassDef) and source.is_hook(node))
                if is_plain and node.name in seen:
                    message = f"{node.name} replaces that of line {seen[node.name]}: rename or delete one"
                    yield source.error("duplicate-name", node, message)
                if is_plain:
                    seen[node.name] = node.lineno
    for node in source.tree.body:
        if isinstance(node, Named) and source.names.is_imported(node.name):
            message = f"{node.name} hides what is imported under that name: rename it, or drop the import"
            yield source.warning("shadowed-name", node, message)


def shadowed(source: Source) -> Iterator[Finding]:
    """Warn of `self.x = ...` where `x` is also a method: nobody can call that."""
    for cls in source.classes:
        functions = [one for one in cls.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        methods = {one.name: one.lineno for one in functions if not one.decorator_list or source.is_hook(one)}
        for node in (node for function in functions for node in ast.walk(function)):
            match node:
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()) if name in methods:
                    message = f"self.{name} hides the method of line {methods[name]}: rename one"
                    yield source.warning("shadowed-name", node, message)


def _has_hooks(source: Source, cls: ast.ClassDef) -> bool:
    return any(isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and source.is_hook(one) for one in cls.body)
