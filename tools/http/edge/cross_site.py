"""Refuses what a page of another site makes a browser send with the user's cookies (cross-site request forgery).

Browsers say in `Sec-Fetch-Site` where a request comes from, and older ones in `Origin`; no page can change either. What
has neither is no browser, and holds no cookies but its own. Sources: OWASP Cross-Site Request Forgery Prevention cheat
sheet, "Fetch Metadata"; Go's `net/http.CrossOriginProtection`, whose rules these are.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tools.http.problem import Problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
AMBIENT = frozenset({b"basic", b"digest", b"negotiate", b"ntlm"})
"""What a browser adds by itself once the user has signed in, like a cookie; a bearer token it never does."""


class CrossSiteCheck:
    """The check of requests that carry cookies; `origins` are other sites' pages that may send them."""

    def __init__(self, origins: Iterable[str] = ()) -> None:
        self._origins = frozenset(one.encode() for one in origins) - {b"*"}

    def check(self, scope: Any, named: Mapping[bytes, bytes]) -> Problem | None:
        """Answer with what is wrong with a request; `named` are its headers by name."""
        if scope["method"] in SAFE or b"cookie" not in named or _is_meant(named.get(b"authorization", b"")):
            return None
        site, origin = named.get(b"sec-fetch-site"), named.get(b"origin")
        if site is None:
            is_own = origin is None or _host_of(origin) == named.get(b"host", b"").lower()
        else:
            is_own = site in (b"same-origin", b"none")  # none: the user's own doing, such as a bookmark
        if is_own or origin in self._origins:
            return None
        return Problem(403, "a page of another site may not send this with cookies")


def _is_meant(authorization: bytes) -> bool:
    """Whether a script put it there: a page of another site would have had to ask by a preflight."""
    return authorization != b"" and authorization.partition(b" ")[0].lower() not in AMBIENT


def _host_of(origin: bytes) -> bytes:
    """Leave host and port; the scheme is not compared, as who ends TLS in front of us knows it and we may not."""
    return origin.partition(b"://")[2].lower()
