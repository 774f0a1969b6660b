"""A path as plugins write it, in the words of Starlette's Route."""

import re
from typing import Any, NamedTuple
from uuid import UUID

from starlette.routing import Route

from tools.http.contract import RouteError

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::(path|str|int|float|uuid))?\}")
_KINDS: dict[str, type] = {"str": str, "int": int, "float": float, "uuid": UUID}
Shape = tuple[tuple[int, Any], ...]


class Path(NamedTuple):
    """A parsed path; two of the same shape are one route, whatever its placeholders are called."""

    text: str
    shape: Shape
    """A pair a segment, which sorts as it matches: (0, literal) before (1, "") before (2, ""), the rest of the path."""
    names: list[str]
    kinds: dict[str, type]
    """What `{id:int}` says of placeholders."""

    @classmethod
    def parse(cls, text: str) -> "Path":
        """Parse `/users/{id}`, `/users/{id:int}` or `/files/{rest:path}`.

        Raises:
            RouteError: the path cannot be routed.
        """
        if not text.startswith("/") or "//" in text or not set(text).isdisjoint("?#%\\ \0"):
            raise RouteError(f"path {text!r} cannot be routed: write an absolute path such as '/users/{{id}}'")
        parts = [(part, _PLACEHOLDER.fullmatch(part)) for part in text[1:].split("/")]
        for part, match in parts:
            if not match and ("{" in part or "}" in part):
                advice = "a placeholder is a whole segment, `{name}` or at the end `{name:path}`"
                raise RouteError(f"path {text!r}: {part!r} is no placeholder: {advice}")
        names = [match[1] for _, match in parts if match]
        if len({*names}) < len(names) or any(match and match[2] == "path" for _, match in parts[:-1]):
            advice = "give each placeholder its own name, and `:path` only to the last"
            raise RouteError(f"path {text!r} cannot be routed: {advice}")
        shape = tuple(((2 if match[2] == "path" else 1), "") if match else (0, part) for part, match in parts)
        kinds = {match[1]: _KINDS[match[2]] for _, match in parts if match and match[2] in _KINDS}
        return cls(text, shape, names, kinds)

    def route(self, app: object) -> Route:
        """Make the route; its placeholders are called `p0`, `p1`, ... since each method may name them otherwise."""
        kinds = ("", "", ":path")
        parts = [part if kind == 0 else f"{{p{index}{kinds[kind]}}}" for index, (kind, part) in enumerate(self.shape)]
        route = Route("/" + "/".join(parts), endpoint=app)  # type: ignore[arg-type]  # an instance is an ASGI app
        # Starlette's `$` lets a line feed follow, and its `.` stops at one
        route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z", re.DOTALL)
        return route
