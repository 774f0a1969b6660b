"""Finds a route: static paths by dict, placeholders by a tree of segments, so the number of routes costs nothing.

    /users/me        static, looked up first
    /users/{id}      tree: "users" -> {id}; a literal segment wins over a placeholder
    /files/{p:path}  the rest of the path; wins last
"""

import re
from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

from tools.http.contract import RouteError

T = TypeVar("T")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::([a-z]+))?\}")


class Match(NamedTuple, Generic[T]):
    """The routes of a path by method, and the text of its placeholders."""

    methods: Mapping[str, T]
    values: Mapping[str, str]


class Path(NamedTuple):
    """A parsed path: its segments (None for a placeholder) and the placeholders' names."""

    text: str
    segments: tuple[str | None, ...]
    names: tuple[str, ...]
    has_rest: bool

    @classmethod
    def parse(cls, text: str) -> "Path":
        """Parse `/users/{id}` or `/files/{rest:path}`; the type of a placeholder is its handler's annotation.

        Raises:
            RouteError: the path cannot be routed.
        """
        if not text.startswith("/") or "//" in text or "?" in text or "#" in text:
            raise RouteError(f"path {text!r} cannot be routed: write an absolute path such as '/users/{{id}}'")
        segments: list[str | None] = []
        names: list[str] = []
        kinds: list[str] = []
        for segment in text[1:].split("/"):
            match = _PLACEHOLDER.fullmatch(segment)
            if not match and ("{" in segment or "}" in segment):
                raise RouteError(f"path {text!r}: {segment!r} is no placeholder: a placeholder is a whole segment")
            segments.append(None if match else segment)
            if match:
                names.append(match[1])
                kinds.append(match[2] or "")
        if len(set(names)) < len(names) or "path" in kinds[:-1] or (kinds and "path" == kinds[-1] and segments[-1]):
            raise RouteError(f"path {text!r} cannot be routed: give each placeholder its own name, `path` only at the end")
        return cls(text, tuple(segments), tuple(names), bool(kinds) and kinds[-1] == "path")


class _Node(Generic[T]):
    __slots__ = ("any", "literals", "methods", "names", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = {}
        self.any: _Node[T] | None = None
        self.rest: _Node[T] | None = None
        self.methods: dict[str, T] = {}
        self.names: dict[str, tuple[str, ...]] = {}


class Router(Generic[T]):
    """Routes by path and method."""

    def __init__(self) -> None:
        self._static: dict[str, dict[str, T]] = {}
        self._root: _Node[T] = _Node()
        self._no_values: Mapping[str, str] = {}

    def find_twin(self, path: Path, method: str) -> T | None:
        """Find the route that would answer what `method path` would; the names of placeholders do not count."""
        methods = self._node(path).methods if path.names else self._static.get(path.text, {})
        return methods.get(method)

    def add(self, path: Path, method: str, route: T) -> None:
        """Add a route; see `find_twin`."""
        if path.names:
            node = self._node(path)
            node.methods[method] = route
            node.names[method] = path.names
        else:
            self._static.setdefault(path.text, {})[method] = route

    def remove(self, path: Path, method: str) -> None:
        """Take a route away, if it is there."""
        methods = self._node(path).methods if path.names else self._static.get(path.text, {})
        methods.pop(method, None)
        if not methods:
            self._static.pop(path.text, None)

    def find(self, path: str) -> Match[T] | None:
        """Find the routes of a request's path."""
        methods = self._static.get(path)
        if methods is not None:
            return Match(methods, self._no_values)
        segments = path.split("/")
        values: list[str] = []
        node = _walk(self._root, segments, 1, values)
        if node is None:
            return None
        names = next(iter(node.names.values()))
        return Match(node.methods, dict(zip(names, values, strict=True)))

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
    literal = node.literals.get(segments[index])
    if literal is not None and (found := _walk(literal, segments, index + 1, values)) is not None:
        return found
    if node.any is not None and segments[index]:
        values.append(segments[index])
        if (found := _walk(node.any, segments, index + 1, values)) is not None:
            return found
        values.pop()
    if node.rest is not None and node.rest.methods:
        values.append("/".join(segments[index:]))
        return node.rest
    return None
