"""What a tool offers, in as few words as an author needs; `python -m manifest tools <name>` has the rest.

A contract says by its form what is worth an author's reading each time:

- `USUAL` of its module is what features usually import from there; an alias tells what its type does;
- methods of the contract itself get a line, those of its base Protocols, for plugins that wire or watch the system, are
  only named;
- what follows a semicolon in the first line of a docstring is what nobody can guess: only that is printed.
"""

import builtins
import inspect
import re
import sys
from collections.abc import Container, Iterator
from itertools import groupby
from types import ModuleType
from typing import Any, get_args

from hookspecs import Part
from manifest.plain_text import plain
from manifest.type_text import type_text

# annotations that tell an author nothing
_SILENT = (inspect.Signature.empty, Any, object, None, "Any", "object", "None", "Self")
_WORD = re.compile(r"\w+")


def contract_lines(tool: Part) -> Iterator[str]:
    """Yield a comment that names the tool and what plugins import from its contract, then a line a method."""
    if not (contract := tool.contract):
        yield f"# {plain(tool.name)}: it has no contract"
        return
    module = _module(contract)
    names = [_imported(name, vars(module)[name]) for name in _listed(module) if name != contract.__name__]
    home = f"{plain(module.__name__)}: " if names and module.__name__ != f"tools.{tool.name}.contract" else ""
    offered = f" ({home}{plain(', '.join(names), 600)})" if names else ""
    said = _untold(contract)
    yield f"# {plain(tool.name)}{offered}{f'  # {plain(said)}' if said else ''}"
    aliases = {name: get_args(vars(module)[name])[:1] for name in _listed(module)}
    yield from (f"# {plain(name)}: {plain(told)}" for name, of in aliases.items() if of and (told := _untold(*of)))
    own, based = _methods(contract)
    shown = {*_listed(module), *dir(builtins)}
    for text, same in groupby(own, key=lambda name: _call(own[name], shown) if inspect.isfunction(own[name]) else name):
        first, *others = list(same)
        said = "; ".join(filter(None, (_untold(own[name]) for name in (first, *others))))
        called = (
            f"{'/'.join(map(plain, (first, *others)))}{plain(text, 600)}"
            if inspect.isfunction(own[first])
            else plain(first)
        )
        yield f"{_awaited(own[first])}{called}{f'  # {plain(said)}' if said else ''}"
    if based:
        yield f"# also: {plain(', '.join(based), 600)}"


def _module(contract: type) -> ModuleType:
    """Answer with where plugins import the contract from: its file, or the folder that lists it in `__all__`."""
    own = sys.modules[contract.__module__]
    folder = sys.modules.get(own.__package__ or "", own)
    return folder if contract.__name__ in getattr(folder, "__all__", ()) else own


def _listed(module: ModuleType) -> list[str]:
    return [name for name in getattr(module, "USUAL", ()) if name in vars(module)]


def _imported(name: str, thing: Any) -> str:
    """Name what plugins import; of a value that they are given, what it has."""
    members = [*_members(thing)] if isinstance(thing, type) and not issubclass(thing, BaseException) else []
    named = [one for one in members if one != "__call__"]
    return f"{name}({', '.join(named)})" if len(named) > 1 else name


def _untold(thing: Any) -> str:
    """Answer with what the first line of a docstring says that nobody can guess."""
    first = inspect.cleandoc(getattr(thing, "__doc__", "") or "").partition("\n")[0]
    return first.partition("; ")[2].removesuffix(".")


def _members(contract: type) -> dict[str, Any]:
    """Public methods, properties and annotated attributes, in the order of their definition."""
    layers = [cls for cls in reversed(contract.__mro__) if cls.__module__ not in ("builtins", "typing")]
    found = {name: kind for cls in layers for name, kind in inspect.get_annotations(cls).items()}
    found |= {name: member for cls in layers for name, member in vars(cls).items()
              if inspect.isfunction(member) or isinstance(member, property)}  # fmt: skip
    return {name: member for name, member in found.items() if not name.startswith("_") or name == "__call__"}


def _methods(contract: type) -> tuple[dict[str, Any], list[str]]:
    """Tell the members that the contract itself defines from the names of those that it has from a base."""
    members = _members(contract)
    own = {name: member for name, member in members.items()
           if name in vars(contract) or name in inspect.get_annotations(contract)}  # fmt: skip
    return own, [name for name in members if name not in own]


def _awaited(member: Any) -> str:
    return "await " if inspect.iscoroutinefunction(member) else ""


def _call(function: Any, shown: Container[str]) -> str:
    """Write parameters without their types: `name` is required, `name?` may be left out, as may all after `*`.

    A type that is answered is told where it is one of `shown`.
    """
    signature = inspect.signature(function)
    texts, is_keyword = [], False
    for one in signature.parameters.values():
        if one.name == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and not is_keyword:
            texts.append("*")
        is_keyword = is_keyword or one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        texts.append(_parameter(one))
    returns = signature.return_annotation
    told = "" if returns in _SILENT else type_text(returns).removesuffix("[Any]")
    is_known = told and all(word in shown for word in _WORD.findall(told))
    return f"({', '.join(texts)})" + (f" -> {told}" if is_known else "")


def _parameter(one: inspect.Parameter) -> str:
    if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
        return f"{'*' if one.kind is one.VAR_POSITIONAL else '**'}{one.name}"
    if one.default is one.empty or one.kind is one.KEYWORD_ONLY:
        return one.name
    # `<object object at 0x7f...>` is another text in every process
    return (
        f"{one.name}?"
        if not one.default or " at 0x" in repr(one.default)
        else f"{one.name}={one.default:g}"
        if isinstance(one.default, float)
        else f"{one.name}={one.default!r}"
    )
