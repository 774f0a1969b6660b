"""Finds a route: static paths by dict, placeholders by a tree of segments, so the number of routes costs nothing.

`/users/me` is static and looked up first; in the tree of `/users/{id}` a literal segment wins over a placeholder;
`/files/{rest:path}` takes what is left, and wins last. The path decides before the method does.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from tools.http.contract import RouteError

T = TypeVar("T")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::(path|str|int|float|uuid))?\}")
_KINDS = {"str": str, "int": int, "float": float, "uuid": UUID}
NO_VALUES: Sequence[str] = ()


class Path(NamedTuple):
    """A parsed path: its segments (None for a placeholder) and the placeholders' names."""

    text: str
    segments: tuple[str | None, ...]
    names: tuple[str, ...]
    has_rest: bool
    kinds: Mapping[str, type] = MappingProxyType({})
    """What `{id:int}` says of placeholders."""

    @classmethod
    def parse(cls, text: str) -> "Path":
        """Parse `/users/{id}`, `/users/{id:int}` or `/files/{rest:path}`; else a handler's annotation says the type.

        Raises:
            RouteError: the path cannot be routed.
        """
        if not text.startswith("/") or "//" in text or not set(text).isdisjoint("?#%\\ \0"):
            raise RouteError(f"path {text!r} cannot be routed: write an absolute path such as '/users/{{id}}'")
        parts = text[1:].split("/")
        matches = [_PLACEHOLDER.fullmatch(part) for part in parts]
        for part, match in zip(parts, matches, strict=True):
            if not match and ("{" in part or "}" in part):
                advice = "a placeholder is a whole segment, `{name}` or at the end `{name:path}`"
                raise RouteError(f"path {text!r}: {part!r} is no placeholder: {advice}")
        names = tuple(match[1] for match in matches if match)
        if len(set(names)) < len(names) or any(match and match[2] == "path" for match in matches[:-1]):
            advice = "give each placeholder its own name, and `:path` only to the last"
            raise RouteError(f"path {text!r} cannot be routed: {advice}")
        segments = tuple(None if match else part for part, match in zip(parts, matches, strict=True))
        kinds = {match[1]: _KINDS[match[2]] for match in matches if match and match[2] in _KINDS}
        return cls(text, segments, names, bool(matches[-1] and matches[-1][2] == "path"), kinds)


class _Node(Generic[T]):
    __slots__ = ("any", "literals", "methods", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = {}
        self.any: _Node[T] | None = None
        self.rest: _Node[T] | None = None
        self.methods: dict[str, T] = {}


class Router(Generic[T]):
    """Routes by path and method."""

    def __init__(self) -> None:
        self.static: dict[str, dict[str, T]] = {}  # by path, then method
        self.last: dict[str, dict[str, T]] = {}  # by `/users` of `/users/{id}`, the commonest shape
        self._root: _Node[T] = _Node()

    def find_twin(self, path: Path, method: str) -> T | None:
        """Find the route that would answer what `method path` would; the names of placeholders do not count."""
        methods = self._node(path).methods if path.names else self.static.get(path.text, {})
        return methods.get(method)

    def add(self, path: Path, method: str, route: T) -> None:
        """Add a route; see `find_twin`."""
        node = self._node(path)
        if path.names and path.segments.index(None) == len(path.segments) - 1 and not path.has_rest:
            self.last[path.text.rpartition("/")[0]] = node.methods
        methods = node.methods if path.names else self.static.setdefault(path.text, {})
        methods[method] = route

    def remove(self, path: Path, method: str) -> None:
        """Take a route away, if it is there."""
        methods = self._node(path).methods if path.names else self.static.get(path.text, {})
        methods.pop(method, None)
        if not methods:
            self.static.pop(path.text, None)

    def find(self, path: str) -> tuple[Mapping[str, T] | None, Sequence[str]]:
        """Find the routes of a request's path by method (None for none), and the texts of its placeholders."""
        methods = self.static.get(path)
        if methods is not None:
            return methods, NO_VALUES
        values: list[str] = []
        segments = path.split("/")
        node = None if segments[0] else _walk(self._root, segments, 1, values)  # a path begins with a slash
        return (None, NO_VALUES) if node is None else (node.methods, values)

    def _node(self, path: Path) -> _Node[T]:
        node = self._root
        for index, segment in enumerate(path.segments):
            if segment is not None:
                node = node.literals.setdefault(segment, _Node())
            elif path.has_rest and index == len(path.segments) - 1:
                node.rest = node = node.rest or _Node()
            else:
                node.any = node = node.any or _Node()
        return node


def _walk(node: _Node[T], segments: list[str], index: int, values: list[str]) -> _Node[T] | None:
    """Go down one segment: the literal first, then the placeholder (which is never empty), then the rest."""
    if index == len(segments):
        return node if node.methods else None
    segment = segments[index]
    literal = node.literals.get(segment)
    found = None if literal is None else _walk(literal, segments, index + 1, values)
    if found is None and node.any is not None and segment:
        values.append(segment)
        found = _walk(node.any, segments, index + 1, values)
        if found is None:
            values.pop()
    if found is None and node.rest is not None and node.rest.methods:
        values.append("/".join(segments[index:]))
        return node.rest
    return found
