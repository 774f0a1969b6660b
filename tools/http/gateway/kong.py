"""The routes as a declarative configuration of the gateway Kong, format 3.0.

Every path is a regular expression, since Kong's plain paths are prefixes; `regex_priority` puts them in the order of
our own router. What routes declare is kept at the gateway too, in front of the app that keeps it anyway.

Source: Kong Gateway 3, "Traditional router" and "Declarative configuration"; the schemas of its plugins.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from tools.http.router import Path

MAX_GROUP_NAME = 32  # PCRE's, which the router of flavour `traditional` matches with
UNSAFE = re.compile(r"[^A-Za-z0-9_.~-]+")


class Exposed(NamedTuple):
    """What a gateway needs to know of an endpoint, a socket, a directory or a mount."""

    path: Path
    methods: tuple[str, ...]
    """Empty for a mount, which takes every method, below `{rest:path}`, after all others."""
    owner: str
    rate_limit: str = ""
    is_guarded: bool = False
    max_body_bytes: int | None = None
    """None is the service's."""


class Gateway(NamedTuple):
    """What holds for the whole service."""

    max_body_bytes: int
    cors_origins: Sequence[str] = ()
    cors_credentials: bool = False


def configuration(exposed: Sequence[Exposed], gateway: Gateway, upstream: str, service: str) -> dict[str, Any]:
    """Describe the service, a route a path, and the plugins that keep what routes declare."""
    paths = [[*several] for _, several in groupby(sorted(exposed, key=_place), key=_place)]
    names: set[str] = set()
    routes = [
        _route(several, len(paths) - index, service, names)
        for index, at_path in enumerate(paths)
        for several in _grouped(at_path)
    ]
    plugins = [_plugin("correlation-id", header_name="x-request-id", generator="uuid", echo_downstream=True),
               _size_limit(gateway.max_body_bytes)]  # fmt: skip
    if gateway.cors_origins:
        plugins.append(_plugin("cors", origins=[*gateway.cors_origins], credentials=gateway.cors_credentials))
    one = {"name": service, "url": upstream, "tags": [service], "plugins": plugins, "routes": routes}
    return {"_format_version": "3.0", "services": [one]}


def _place(one: Exposed) -> tuple[int, int, list[tuple[int, str]]]:
    """Sort as our router tries: literal segments, placeholders, the rest; mounts after all, the deepest first."""
    kinds = [(0, part) if part is not None else (1, "") for part in one.path.segments]
    if one.path.has_rest:
        kinds[-1] = (2, "")
    return (0, 0, kinds) if one.methods else (1, -len(kinds), kinds)


def _grouped(at_path: Iterable[Exposed]) -> list[list[Exposed]]:
    """Part the methods of one path where they declare different things."""
    groups: dict[str, list[Exposed]] = {}
    for one in sorted(at_path, key=lambda one: one.methods):
        groups.setdefault(str(_plugins(one)), []).append(one)
    return [*groups.values()]


def _route(several: Sequence[Exposed], priority: int, service: str, names: set[str]) -> dict[str, Any]:
    first, methods = several[0], {method for one in several for method in one.methods}
    if methods:
        methods |= {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    route: dict[str, Any] = {"name": _unique(f"{service}{_label(first.path)}", names)}
    route |= {"methods": sorted(methods)} if methods else {}
    route |= {"paths": [regex(first.path)], "regex_priority": priority, "strip_path": False, "preserve_host": True}
    route["tags"] = sorted({one.owner for one in several})
    plugins = _plugins(first)
    return {**route, "plugins": plugins} if plugins else route


def regex(path: Path) -> str:
    """Write a path as Kong matches it.

    >>> regex(Path.parse("/users/{id:int}/files/{rest:path}"))
    '~/users/(?<id>[^/]+)/files/(?<rest>.*)$'
    """
    names, last = iter(path.names), len(path.segments) - 1
    parts = [
        re.escape(part) if part is not None else _group(next(names), ".*" if path.has_rest and index == last else "")
        for index, part in enumerate(path.segments)
    ]
    return "~/" + "/".join(parts) + "$"


def _group(name: str, pattern: str) -> str:
    return f"({f'?<{name}>' if len(name) <= MAX_GROUP_NAME else ''}{pattern or '[^/]+'})"


def _plugins(one: Exposed) -> list[dict[str, Any]]:
    plugins = [] if one.max_body_bytes is None else [_size_limit(one.max_body_bytes)]
    if one.rate_limit:
        count, _, period = one.rate_limit.partition("/")
        # a caller is the token's subject, else the address: Kong takes the address where the header is not there
        by = {"limit_by": "header", "header_name": "authorization"} if one.is_guarded else {"limit_by": "ip"}
        plugins.append(_plugin("rate-limiting", **{period.strip(): int(count)}, policy="local", **by))
    return plugins


def _size_limit(max_bytes: int) -> dict[str, Any]:
    return _plugin("request-size-limiting", allowed_payload_size=max_bytes, size_unit="bytes")


def _plugin(name: str, **config: Any) -> dict[str, Any]:
    return {"name": name, "config": config}


def _label(path: Path) -> str:
    names = iter(path.names)
    return "".join("." + (f"~{next(names)}" if part is None else UNSAFE.sub("-", part)) for part in path.segments)


def _unique(name: str, names: set[str]) -> str:
    number = 1
    while (found := name if number == 1 else f"{name}-{number}") in names:
        number += 1
    names.add(found)
    return found
