"""The table of settings, made from the Structs that declare them: names, types and defaults, never a value."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from hookspecs import System
from manifest.plain_text import plain
from manifest.settings import KernelSettings, ManifestSettings
from manifest.type_text import type_text

_BOUNDS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


class Row(NamedTuple):
    """One variable, in words."""

    owner: str
    variable: str
    type: str
    default: str
    meaning: str


def render_settings(system: System) -> str:
    """Render the table, by owner and name."""
    structs: list[tuple[str, type]] = [("kernel", KernelSettings), ("manifest", ManifestSettings)]
    structs += [(tool.name, tool.settings) for tool in system.tools if tool.settings]
    rows = {row for owner, settings in structs for row in _rows(owner, settings)} | set(_told(system))
    cells = [map(_cell, row._replace(variable=f"`{row.variable}`")) for row in sorted(rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    intro = "Set in the environment. Made by `python -m manifest check --write` from the Structs that declare them."
    head = ["| of | variable | type | default | meaning |", "|---|---|---|---|---|"]
    return "\n".join(["# Settings", "", intro, "", *head, *lines]) + "\n"


def _rows(owner: str, settings: type) -> Iterator[Row]:
    hints = get_type_hints(settings, include_extras=True)
    for field in msgspec.structs.fields(settings):
        kind, bounds, meaning = _documented(hints[field.name])
        default = _default(_declared(field), field.required)
        yield Row(owner, field.encode_name, f"{kind} {bounds}".strip(), default, meaning)


def _told(system: System) -> Iterable[Row]:
    """Settings that plugins read, as facts tell."""
    for fact in system.facts:
        if fact.kind == "setting":
            data = fact.data
            default = _default(data.get("default"), bool(data.get("required")))
            yield Row(fact.owner, fact.name, str(data.get("type", "")), default, fact.summary)


def _documented(hint: Any) -> tuple[str, str, str]:
    """Split an annotation into its type, its bounds and its description."""
    kind, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    metas = [extra for extra in extras if isinstance(extra, msgspec.Meta)]
    bounds = [f"{sign} {getattr(meta, name):,}" for meta in metas for name, sign in _BOUNDS.items()
              if getattr(meta, name) is not None]  # fmt: skip
    return _kind(kind), ", ".join(bounds), " ".join(meta.description for meta in metas if meta.description)


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    if type(None) in get_args(kind):  # not set, as the default says
        return " or ".join(_kind(one) for one in get_args(kind) if one is not type(None))
    return type_text(kind)


def _declared(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _default(value: object, is_required: bool) -> str:
    if is_required:
        return "required"
    if value is None or value == "":
        return "none" if value is None else "empty"
    value = sorted(value, key=str) if isinstance(value, set | frozenset) else value
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return plain(text, 400).replace("|", "\\|")
