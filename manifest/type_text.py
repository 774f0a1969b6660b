"""Types as an author writes them: short names, no quotes, no bounds."""

import re
from typing import Annotated, Any, get_args, get_origin

import msgspec

_NOISE = re.compile(r"""('[^']*')|ForwardRef\('([^']*)'\)|~|\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])""")


def type_text(annotation: Any) -> str:
    """Put an annotation into words.

    >>> from collections.abc import Callable
    >>> type_text(Callable[..., object] | None), type_text(Annotated[str, 1]), type_text("list[int]")
    ('Callable[..., object] | None', 'str', 'list[int]')
    """
    if get_origin(annotation) is Annotated:
        return type_text(get_args(annotation)[0])
    if annotation is type(None):
        return "None"
    is_plain = isinstance(annotation, type) and not get_args(annotation)
    text = annotation.__name__ if is_plain else str(annotation)
    return _NOISE.sub(lambda found: found[1] or found[2] or "", text).replace("Callable[..., Any]", "Callable")


def field_types(shape: Any) -> dict[str, str]:
    """Name the fields of a Struct, or of any other class with annotations, and their types."""
    try:
        return {field.encode_name: type_text(field.type) for field in msgspec.structs.fields(shape)}
    except (TypeError, NameError):  # no Struct, or an annotation that does not resolve
        names = getattr(shape, "__annotations__", {})
        return {name: type_text(annotation) for name, annotation in names.items()}
