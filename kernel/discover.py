"""Finds modules and plugins: folders of `tools/`, files of `domains/<domain>/plugins/`, entry points; in name order."""

import inspect
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from hookspecs import PROJECT, Domain, Part
from kernel.errors import Problem


def modules(root: Path, folder: str) -> Iterator[Part]:
    """Yield the tools' folders, then what other distributions bring through an entry point."""
    for file in sorted(root.glob(f"{folder}/*/__init__.py")):
        name = f"{folder}.{file.parent.name}"
        yield Part(name, str(file.relative_to(root)), kind="module", module=name)
    for entry in sorted(entry_points(group=PROJECT)):
        yield Part(entry.name, f"entry point {entry.value}", kind="module", module=entry.value)


def domains(root: Path, folder: str) -> list[Domain]:
    """List the domains' folders."""
    return [Domain(path.name, path) for path in sorted(root.glob(f"{folder}/*/")) if path.name[0] not in "._"]


def plugins(root: Path, domain: Domain) -> Iterator[Part]:
    """Yield a domain's plugin files."""
    for file in domain.folder.glob("plugins/*.py"):
        if file.name != "__init__.py":
            path = file.relative_to(root)
            yield Part(f"{domain.name}.{file.stem}", str(path), module=".".join(path.with_suffix("").parts))


def marked(thing: object, mark: str = "impl") -> list[str]:
    """List the names that `thing`, a class or a module, marks with `@hookimpl` (or, with "spec", `@hookspec`)."""
    layers = thing.__mro__ if isinstance(thing, type) else (thing,)
    return [name for layer in layers for name, value in vars(layer).items() if hasattr(value, f"{PROJECT}_{mark}")]


def plugin_classes(module: ModuleType, who: Part) -> list[type]:
    """List the classes with marked hooks that `module` itself defines: at most one.

    Raises:
        Problem: there are several.
    """
    own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    found = [value for value in own if isinstance(value, type) and marked(value)]
    if len(found) > 1:
        names = ", ".join(cls.__name__ for cls in found)
        raise Problem(f"{who} holds {len(found)} plugins ({names}): one file is one feature, move each into its own file")
    return found


def summary(thing: object) -> str:
    """Answer with the first line of `thing`'s docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]
