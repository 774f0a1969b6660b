"""Types as an author writes them: short names, no quotes, no bounds."""

import re
from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

_NOISE = re.compile(r"""('[^']*')|ForwardRef\('([^']*)'\)|~|\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])""")


def type_text(annotation: Any) -> str:
    """Put an annotation into words.

    >>> from collections.abc import Callable
    >>> type_text(Callable[..., object] | None), type_text(Annotated[str, 1]), type_text("list[int]")
    ('Callable[..., object] | None', 'str', 'list[int]')
    """
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(parts[0])
    if origin in (Union, UnionType):
        return " | ".join(map(type_text, parts))
    if isinstance(origin, type):
        return "Callable" if parts == (..., Any) else f"{origin.__name__}{_listed(parts)}"
    if isinstance(annotation, list):  # the parameters of a Callable
        return _listed(annotation)
    if annotation in (type(None), ...):
        return "..." if annotation is ... else "None"
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return _NOISE.sub(lambda found: found[1] or found[2] or "", text)


def _listed(parts: Iterable[Any]) -> str:
    return f"[{', '.join(map(type_text, parts))}]"


def field_types(shape: Any) -> dict[str, str]:
    """Name the fields of a Struct, or of any other class with annotations, and their types."""
    try:
        return {field.encode_name: type_text(field.type) for field in msgspec.structs.fields(shape)}
    except (TypeError, NameError):  # no Struct, or an annotation that does not resolve
        names = getattr(shape, "__annotations__", {})
        return {name: type_text(annotation) for name, annotation in names.items()}
