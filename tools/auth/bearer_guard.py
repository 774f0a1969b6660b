"""The guard of an endpoint: who calls, and may they."""

from collections.abc import Callable

from tools.auth.contract import Claims, Forbidden, HasHeaders, Unauthenticated


class BearerGuard:
    """Reads `Authorization: Bearer <token>` (RFC 6750 section 2.1), and nothing else: no query, no cookie."""

    scheme = "bearer"

    def __init__(self, read: Callable[[str], Claims], scopes: tuple[str, ...]) -> None:
        self._read, self.scopes = read, scopes

    async def __call__(self, context: HasHeaders) -> Claims:
        scheme, _, token = (context.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != self.scheme:
            raise Unauthenticated
        claims = self._read(token.strip(" "))
        missing = [scope for scope in self.scopes if scope not in claims.scopes]
        if missing:
            raise Forbidden(missing)
        return claims
