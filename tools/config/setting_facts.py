"""What a settings Struct says about itself, for the manifest: names, types, defaults, never a value."""

from collections.abc import Iterable
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from hookspecs import Fact


def setting_facts(owner: str, settings: type[msgspec.Struct]) -> Iterable[Fact]:
    """Yield a fact of kind `setting` per field: data is `type`, `default` (None for none) and `required`."""
    hints = get_type_hints(settings, include_extras=True)
    for field in msgspec.structs.fields(settings):
        kind, summary = _documented(hints[field.name])
        data = {"type": _type_text(kind), "default": _default(field), "required": field.required}
        yield Fact("setting", owner, field.encode_name, summary, data)


def _documented(hint: Any) -> tuple[Any, str]:
    if get_origin(hint) is not Annotated:
        return hint, ""
    kind, *extras = get_args(hint)
    descriptions = [extra.description for extra in extras if isinstance(extra, msgspec.Meta) and extra.description]
    return kind, " ".join(descriptions)


def _type_text(kind: Any) -> str:
    # a generic's __name__ leaves its arguments out: `list` of list[str]
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind).replace("typing.", "")


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default_factory(), order="deterministic")
    return None if field.default is msgspec.NODEFAULT else msgspec.to_builtins(field.default, order="deterministic")
