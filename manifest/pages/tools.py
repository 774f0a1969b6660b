"""`python -m manifest tools [name]`: what the index leaves out: whole signatures, and what each member does."""

import inspect
import sys
from collections.abc import Iterator
from types import GenericAlias, ModuleType, UnionType
from typing import Any

from hookspecs import PROJECT, Part, System
from manifest.plain_text import plain
from manifest.tool_contract import contract_lines
from manifest.type_text import type_text

_EMPTY = inspect.Signature.empty


class _Bare(str):
    """Text that `inspect.Signature` prints without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def render_tools(system: System) -> str:
    """Render the lines of all tools, as the index has them."""
    lines = [line for tool in sorted(system.tools, key=lambda part: part.name) for line in contract_lines(tool)]
    return "\n".join(["# Tools", "", "```python", *lines, "```"]) + "\n"


def render_tool(tool: Part) -> str:
    """Render one contract: its docstring's first line, each member with its signature, and what plugins import."""
    title, contract = f"# {plain(tool.name)} ({plain(tool.file)})", tool.contract
    if contract is None:
        return f"{title}\n\nIt has no contract.\n"
    module = _module(contract)
    aliases = _aliases(module)
    sections = [title, plain(_first_line(contract))] if _first_line(contract) else [title]
    sections.append("\n".join(["```python", *member_lines(tool).values(), "```"]))
    if offered := list(_offered(contract, module, aliases)):
        sections.append("\n".join([f"## From {plain(module.__name__)}", "", "```python", *offered, "```"]))
    sections.append(f"What arguments mean, in which units, and what is raised when: `{_place(module)}`")
    return "\n\n".join(sections) + "\n"


def _module(contract: type) -> ModuleType:
    """Answer with where plugins import the contract from: its file, or the folder that lists it in `__all__`."""
    own = sys.modules[contract.__module__]
    folder = sys.modules.get(own.__package__ or "", own)
    return folder if contract.__name__ in getattr(folder, "__all__", ()) else own


def _place(module: ModuleType) -> str:
    """Name the file or the folder where the whole docstrings are."""
    return plain(module.__name__.replace(".", "/")) + ("/" if hasattr(module, "__path__") else ".py")


def member_lines(tool: Part) -> dict[str, str]:
    """Write a line for each member of a tool's contract, by name: its signature, and what it does."""
    return dict(_class(tool.contract, _aliases(_module(tool.contract)))) if tool.contract else {}


def _aliases(module: ModuleType) -> dict[Any, str]:
    return {value: name for name, value in vars(module).items() if isinstance(value, UnionType | GenericAlias)}


def _class(cls: type, aliases: dict[Any, str]) -> Iterator[tuple[str, str]]:
    for name, member in _members(cls).items():
        docs = "" if isinstance(member, type) else _first_line(member)  # an annotation documents nothing
        said = f"  # {plain(docs.removesuffix('.'), 200)}" if docs else ""
        yield name, plain(_member(name, member, aliases), 900) + said


def _members(cls: type) -> dict[str, Any]:
    """Public members in the order of their definition; of an error only its own: its bases stand beside it."""
    bases = [cls] if issubclass(cls, BaseException) else reversed(cls.__mro__)
    layers = [one for one in bases if one.__module__.partition(".")[0] not in ("builtins", "typing", "msgspec")]
    found = {name: kind for one in layers for name, kind in inspect.get_annotations(one).items()}
    found |= {name: member for one in layers for name, member in vars(one).items()
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
    parameters = [
        one.replace(annotation=_named(one.annotation, aliases), default=_default(one.default))
        for one in signature.parameters.values()
        if one.name != "self"
    ]
    return str(signature.replace(parameters=parameters, return_annotation=_named(signature.return_annotation, aliases)))


def _named(annotation: Any, aliases: dict[Any, str]) -> Any:
    if annotation is _EMPTY:
        return annotation
    try:
        return _Bare(aliases.get(annotation) or type_text(annotation))
    except TypeError:  # not hashable
        return _Bare(type_text(annotation))


def _default(default: Any) -> Any:
    # `<object object at 0x7f...>` is another text in every process
    return _Bare("...") if " at 0x" in repr(default) else default


def _offered(contract: type, module: ModuleType, aliases: dict[Any, str]) -> Iterator[str]:
    """What else plugins import from there: values with their members, errors, hooks."""
    listed = getattr(module, "__all__", ())
    for name, thing in sorted(vars(module).items()):
        is_own = name in listed or getattr(thing, "__module__", "") == module.__name__
        if name.startswith("_") or thing is contract or not is_own:
            continue
        docs = _first_line(thing)
        said = f"  # {plain(docs.removesuffix('.'), 200)}" if docs else ""
        if isinstance(thing, type):
            yield f"class {plain(name)}{_base(thing)}{said}"
            yield from (f"    {line}" for _, line in _class(thing, aliases))
        elif hasattr(thing, f"{PROJECT}_spec"):
            yield f"hook {plain(name)}{plain(_signature(thing, aliases), 600)}{said}"
        elif thing in [*aliases]:
            yield f"{plain(name)} = {plain(type_text(thing), 300)}"


def _base(cls: type) -> str:
    return f"({plain(cls.__mro__[1].__name__)})" if issubclass(cls, BaseException) else ""


def _first_line(thing: Any) -> str:
    is_documented = inspect.isfunction(thing) or isinstance(thing, property | type)
    first = inspect.cleandoc(thing.__doc__ or "").partition("\n")[0] if is_documented else ""
    # what Python itself writes for a NamedTuple: `Label(text,)`
    return "" if first.startswith(f"{getattr(thing, '__name__', ' ')}(") else first
