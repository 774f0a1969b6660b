"""Which pages of other origins may read answers: CORS, by Starlette's middleware, for exact origins only.

A preflight is answered here, before the host and the route are looked at: it changes nothing, and what it allows is for
the real request to prove. An origin is compared whole, never by a pattern: `https://app.example` lets neither
`https://evil-app.example` nor `null` in (OWASP ASVS 3.4.2).
"""

import re
from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from hookspecs import ASGIApp
from tools.http.head import given_id, request_ids
from tools.http.problem import MEDIA_TYPE, Problem

ANY = "*"
EXPOSED = (
    "content-disposition", "etag", "idempotency-replayed", "link", "location", "ratelimit-limit", "ratelimit-policy",
    "ratelimit-remaining", "ratelimit-reset", "retry-after", "x-request-id",
)  # fmt: skip
"""What a script may read beside the few headers that it always may."""
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
MAX_AGE_S = 600
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::([1-9]\d{0,4}))?")
_OWN_PORTS = {("http", "80"), ("https", "443")}


def parse_origins(text: str, *, has_credentials: bool = False) -> frozenset[str]:
    """Read HTTP_CORS_ORIGINS.

    Raises:
        ValueError: a word that is no origin as browsers write it, or `*` beside others or with credentials.

    >>> sorted(parse_origins("https://app.example, http://localhost:3000"))
    ['http://localhost:3000', 'https://app.example']
    """
    words = frozenset(word.strip().lower() for word in text.split(",") if word.strip())
    if ANY in words and (has_credentials or len(words) > 1):
        advice = "write the exact origins, by comma"
        raise ValueError(f"HTTP_CORS_ORIGINS is {text!r}, and `*` is neither for credentials nor for a list: {advice}")
    for word in sorted(words - {ANY}):
        match = _ORIGIN.fullmatch(word)
        if not match or (match[1], match[2]) in _OWN_PORTS:
            advice = (
                "write scheme and host as a browser does, e.g. 'https://app.example', without a path or its own port"
            )
            raise ValueError(f"HTTP_CORS_ORIGINS names {word!r}, which is no origin: {advice}")
    return words


class Cors:
    """Answers preflights, and says to browsers which pages may read the other answers, errors included."""

    def __init__(self, app: ASGIApp, origins: frozenset[str], *, has_credentials: bool = False) -> None:
        self._app, self._next_id = app, request_ids()
        self._cors = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=(ANY,),  # what a trusted page sends is for the route to judge
            allow_credentials=has_credentials,
            expose_headers=EXPOSED,
            max_age=MAX_AGE_S,
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            named = dict(scope["headers"])
            if b"origin" in named and b"access-control-request-method" in named:
                answer = self._preflight(Headers(raw=scope["headers"]))
                await answer(scope, receive, send)
                return
        await self._cors(scope, receive, send)

    def _preflight(self, headers: Headers) -> Response:
        answer = self._cors.preflight_response(request_headers=headers)
        name = given_id(headers.get("x-request-id", "").encode("latin-1")) or self._next_id()
        kept = {key: value for key, value in answer.headers.items() if key.startswith("access-control-")}
        kept |= {"vary": answer.headers["vary"], "x-request-id": name}
        if answer.status_code < 400:
            return Response(status_code=204, headers=kept)
        detail = f"a page of this origin may not do this: {bytes(answer.body).decode().lower()}"
        return Response(Problem(403, detail).encode(name), 403, kept, MEDIA_TYPE.decode())
