"""Whose pages may open a WebSocket: browsers ask no permission, as they do for fetch, and send the cookies along.

A client that is no browser sends no Origin, and could send any: this protects users of browsers, and nothing else
(OWASP WebSocket Security cheat sheet, cross-site WebSocket hijacking; RFC 6455 section 10.2).
"""

import re
from collections.abc import Iterable
from typing import Any

from tools.http.contract import RouteError
from tools.http.problem import Problem

ANY = "*"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9_.:\[\]-]+")
_DEFAULT_PORTS = (("http://", ":80"), ("https://", ":443"))


class Origins:
    """The origins that may connect besides the host's own; `*` is any."""

    def __init__(self, who: object, allowed: Iterable[str]) -> None:
        self.allowed = frozenset(map(_plain, allowed))
        for one in sorted(self.allowed - {ANY}):
            if not _ORIGIN.fullmatch(one):
                raise RouteError(f"{who}: {one!r} is no origin: write scheme and host, e.g. 'https://app.example'")

    def check(self, scope: Any) -> None:
        """Let a handshake pass that no page sends, or a page of ours.

        Raises:
            Problem: 403.
        """
        given = [value for name, value in scope["headers"] if name == b"origin"]
        if not given or ANY in self.allowed:
            return
        origin = _plain(str(given[0], "latin-1"))
        if len(given) > 1 or (origin not in self.allowed and origin != _own(scope)):
            raise Problem(403, "a page of another origin may not connect")


def _own(scope: Any) -> str:
    host = next((str(value, "latin-1") for name, value in scope["headers"] if name == b"host"), "")
    scheme = "https" if scope.get("scheme") in ("wss", "https") else "http"
    return _plain(f"{scheme}://{host}")


def _plain(origin: str) -> str:
    """Write an origin as browsers do: in lower case, without the port that its scheme has anyway.

    >>> _plain("HTTPS://App.example:443")
    'https://app.example'
    """
    origin = origin.strip().lower()
    for scheme, port in _DEFAULT_PORTS:
        if origin.startswith(scheme):
            return origin.removesuffix(port)
    return origin
