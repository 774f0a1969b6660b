"""What a tool offers, as its contract says it: signatures with the first line of their docstrings."""

import inspect
import sys
from collections.abc import Iterator
from types import GenericAlias, ModuleType, UnionType
from typing import Any, Protocol

from hookspecs import PROJECT, Part
from manifest.plain_text import plain
from manifest.type_text import type_text

# annotations that tell an author nothing
_SILENT = (inspect.Signature.empty, Any, object, None, "Any", "object", "None")


class _Bare(str):
    """Text that `inspect.Signature` prints without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def contract_lines(tool: Part) -> Iterator[str]:
    """Yield a comment that says what the tool is and what its contract's module offers, then a line a member."""
    if not (contract := tool.contract):
        yield f"# {plain(tool.name)}: it has no contract"
        return
    module = _module(contract)
    home = "" if module.__name__ == f"tools.{tool.name}.contract" else f" ({plain(module.__name__)})"
    summary = inspect.cleandoc(contract.__doc__ or "").partition("\n")[0]
    yield f"# {plain(tool.name)}{home}: {plain(summary)}{_offers(contract, module)}"
    aliases = _aliases(module)
    for name, member in _members(contract).items():
        text, docs = _member(name, member, aliases), _first_line(member).removesuffix(".")
        yield plain(text, 600) + (f"  # {plain(docs)}" if docs else "")


def _module(contract: type) -> ModuleType:
    """Answer with where plugins import the contract from: its file, or the folder that lists it in `__all__`."""
    own = sys.modules[contract.__module__]
    folder = sys.modules.get(own.__package__ or "", own)
    return folder if contract.__name__ in getattr(folder, "__all__", ()) else own


def _first_line(thing: Any) -> str:
    is_documented = inspect.isfunction(thing) or isinstance(thing, property)
    return inspect.cleandoc(thing.__doc__ or "").partition("\n")[0] if is_documented else ""


def _members(contract: type) -> dict[str, Any]:
    """Public methods, properties and annotated attributes, in the order of their definition."""
    layers = [cls for cls in reversed(contract.__mro__) if cls.__module__ not in ("builtins", "typing")]
    found = {name: kind for cls in layers for name, kind in inspect.get_annotations(cls).items()}
    found |= {name: member for cls in layers for name, member in vars(cls).items()
              if inspect.isfunction(member) or isinstance(member, property)}  # fmt: skip
    return {name: member for name, member in found.items() if not name.startswith("_") or name == "__call__"}


def _member(name: str, member: Any, aliases: dict[Any, str]) -> str:
    if isinstance(member, property):
        return f"{name}: {type_text(inspect.signature(member.fget).return_annotation)}" if member.fget else name
    if not inspect.isfunction(member):
        return f"{name}: {type_text(member)}"
    return ("await " if inspect.iscoroutinefunction(member) else "") + name + _signature(member, aliases)


def _signature(function: Any, aliases: dict[Any, str]) -> str:
    signature = inspect.signature(function)

    def text(annotation: Any) -> Any:
        return signature.empty if annotation in _SILENT else _Bare(_named(annotation, aliases))

    parameters = [
        one.replace(annotation=text(one.annotation), default=_default(one.default))
        for one in signature.parameters.values()
        if one.name != "self"
    ]
    return str(signature.replace(parameters=parameters, return_annotation=text(signature.return_annotation)))


def _named(annotation: Any, aliases: dict[Any, str]) -> str:
    try:
        return aliases.get(annotation) or type_text(annotation)
    except TypeError:  # not hashable
        return type_text(annotation)


def _default(default: Any) -> Any:
    # `<object object at 0x7f...>` is another text in every process
    return _Bare("...") if " at 0x" in repr(default) else default


def _aliases(module: ModuleType) -> dict[Any, str]:
    known = vars(module).items()
    return {value: name for name, value in known if isinstance(value, UnionType | GenericAlias)}


def _offers(contract: type, module: ModuleType) -> str:
    """Say what else plugins import from there: values with their members, errors, hooks."""
    public = {name: thing for name, thing in vars(module).items() if name[0] != "_" and thing is not contract}
    listed = getattr(module, "__all__", ())
    own = {
        name: thing
        for name, thing in public.items()
        if name in listed or getattr(thing, "__module__", "") == module.__name__
    }
    classes = {name: thing for name, thing in own.items() if isinstance(thing, type)}
    errors = [name for name, cls in classes.items() if issubclass(cls, BaseException)]
    values = [name + _names(cls) for name, cls in classes.items() if name not in errors]
    hooks = [name for name, thing in own.items() if hasattr(thing, f"{PROJECT}_spec")]
    groups = {"Values": values, "Errors": errors, "Hooks": hooks}
    return "".join(f" {title}: {plain(', '.join(names), 600)}." for title, names in groups.items() if names)


def _names(cls: type) -> str:
    names = [name for name in _members(cls) if name != "__call__"]
    is_protocol = Protocol in cls.__mro__
    return f"({', '.join(names)})" if names and not (is_protocol and len(names) == 1) else ""
