"""Finds modules and plugins: folders of `tools/`, files of `domains/<domain>/plugins/`, entry points; in name order."""

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from hookspecs import PROJECT, Part
from kernel.errors import Problem

ENTRY = "entry point "


def modules(root: Path, folder: str) -> Iterator[Part]:
    """Yield the tools' folders, then what other distributions bring through an entry point."""
    for path in sorted(root.glob(f"{folder}/[!_.]*/__init__.py")):
        name = f"{folder}.{path.parent.name}"
        yield Part(name, str(path.relative_to(root)), kind="module", module=name)
    for entry in sorted(entry_points(group=PROJECT)):
        yield Part(entry.name, ENTRY + entry.value, kind="module", module=entry.module)


def plugins(root: Path, folder: str) -> Iterator[Part]:
    """Yield the plugin files of every domain."""
    for path in root.glob(f"{folder}/[!_.]*/plugins/[!_.]*.py"):
        file = path.relative_to(root)
        yield Part(f"{file.parts[1]}.{path.stem}", str(file), module=".".join(file.with_suffix("").parts))


def marked(thing: object, mark: str = "impl") -> list[str]:
    """List the names that `thing`, a class or a module, marks with `@hookimpl` (or, with "spec", `@hookspec`)."""
    layers = thing.__mro__ if isinstance(thing, type) else (thing,)
    return [name for layer in layers for name, value in vars(layer).items() if hasattr(value, f"{PROJECT}_{mark}")]


def plugin_class(module: ModuleType, part: Part) -> type | None:
    """Find the one class with marked hooks that `module` itself defines.

    Raises:
        Problem: there are several.
    """
    own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    found = [value for value in own if isinstance(value, type) and marked(value)]
    if len(found) > 1:
        names = ", ".join(cls.__name__ for cls in found)
        raise Problem(f"{part} holds {len(found)} plugins ({names}): one file is one feature, give each its own")
    return found[0] if found else None


def summary(thing: object) -> str:
    """Answer with the first line of `thing`'s docstring."""
    return (thing.__doc__ or "").strip().partition("\n")[0]
