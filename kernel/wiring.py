"""What there is, and what goes where: folders, files and entry points; the offer that counts; a constructor's tools."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

from hookspecs import PROJECT, Part, Tool
from kernel.errors import Problem, guess

Offer = tuple[Tool, Part]


def modules(root: Path, folder: str) -> Iterator[Part]:
    """Yield the tools' folders, then what other distributions bring through an entry point; each in name order."""
    for path in sorted(root.glob(f"{folder}/[!_.]*/__init__.py")):
        name = f"{folder}.{path.parent.name}"
        yield Part(name, str(path.relative_to(root)), kind="module", module=name)
    for entry in sorted(entry_points(group=PROJECT)):
        yield Part(entry.name, f"entry point {entry.value}", kind="module", module=entry.module)


def plugins(root: Path, folder: str) -> Iterator[Part]:
    """Yield the plugin files of every domain."""
    for file in (path.relative_to(root) for path in root.glob(f"{folder}/[!_.]*/plugins/[!_.]*.py")):
        yield Part(f"{file.parts[1]}.{file.stem}", str(file), module=".".join(file.with_suffix("").parts))


def marked(thing: object, mark: str = "impl") -> list[str]:
    """List the names that `thing`, a class or a module, marks with `@hookimpl` (or, with "spec", `@hookspec`)."""
    layers = thing.__mro__ if isinstance(thing, type) else (thing,)
    return [name for layer in layers for name, value in vars(layer).items() if hasattr(value, f"{PROJECT}_{mark}")]


def plugin_class(module: object, part: Part) -> type | None:
    """Find the one class with marked hooks that `module` itself defines.

    Raises:
        Problem: there are several.
    """
    own = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == part.module]
    found = [cls for cls in dict.fromkeys(own) if marked(cls)]  # once, whatever names it has
    if len(found) > 1:
        names = ", ".join(cls.__name__ for cls in found)
        raise Problem(f"{part} holds {len(found)} plugins ({names}): one file is one feature, give each its own")
    return found[0] if found else None


def summary(thing: object) -> str:
    """Answer with the first line of `thing`'s docstring."""
    return (thing.__doc__ or "").strip().partition("\n")[0]


def choose(name: str, offers: Iterable[Offer], environ: Mapping[str, str]) -> Offer:
    """Answer with the one offer of a name, or with that of the module which `TOOL_<NAME>` names.

    Raises:
        Problem: there is no choice among several, or none of them is chosen.
    """
    several = {module.name: (tool, module) for tool, module in offers if tool.name == name}
    value = environ.get(f"TOOL_{name.upper()}", "" if len(several) > 1 else next(iter(several)))
    if value not in several:
        files, advice = " and ".join(str(module) for _, module in several.values()), guess(value, several, "offered")
        raise Problem(f"tool {name!r} is offered by {files}, and TOOL_{name.upper()} is {value!r}: {advice}")
    return several[value]


def needs(part: Part, cls: type, offered: Iterable[str]) -> list[str]:
    """List the tools that `cls` asks for by parameter name; one with a default is optional, `*args` asks for nothing.

    Raises:
        Problem: it asks for what nobody offers.
    """
    parameters = inspect.signature(cls).parameters.values()
    asked = [one for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    for name in [one.name for one in asked if one.name not in offered and one.default is one.empty]:
        raise Problem(f"{part} asks for tool {name!r}, which nobody offers: {guess(name, offered, 'offered')}")
    return [one.name for one in asked if one.name in offered]
