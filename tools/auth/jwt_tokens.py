"""Access tokens: JSON Web Tokens after RFC 9068, one algorithm, one shape, one answer to everything else."""

import logging
import re
import secrets
import time
from collections.abc import Callable, Sequence

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry

from tools.auth.contract import Claims, Unauthenticated
from tools.auth.settings import AuthSettings

log = logging.getLogger(__name__)

HEADER = {"alg": "HS256", "typ": "at+jwt"}
LEEWAY_S = 30  # between the clocks of two machines
LONGEST_TOKEN = 8192  # a header line of most servers
ESSENTIAL: jwt.ClaimsOption = {"essential": True}
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What of a token's claims is read once the registry has checked them."""

    sub: str
    exp: int
    jti: str
    scope: str


class JwtTokens:
    """Issues and reads; `now` is Unix time, injected by tests."""

    def __init__(self, key: OctKey, settings: AuthSettings, now: Callable[[], float] = time.time) -> None:
        self._key, self._settings, self._now = key, settings, now
        self._jws = JWSRegistry(algorithms=[HEADER["alg"]])
        # joserfc's decode checks no claim, and its default registry takes a token without exp
        self._rules = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": settings.auth_issuer},
            aud={"essential": True, "value": settings.auth_audience},
            exp=ESSENTIAL,
            iat=ESSENTIAL,
            sub=ESSENTIAL,
            jti=ESSENTIAL,
        )

    def issue(self, subject: str, scopes: Sequence[str], ttl_s: int | None) -> str:
        """Sign a token; raises ValueError for what `read` would refuse."""
        if not isinstance(subject, str) or not subject:
            raise ValueError(
                f"auth.issue got the subject {subject!r}: give text that is not empty, e.g. `str(user.id)`"
            )
        lifetime_s = self._settings.auth_access_ttl_s if ttl_s is None else ttl_s
        if lifetime_s <= 0:
            raise ValueError(f"auth.issue got ttl_s={ttl_s!r}: give seconds above 0, or None for AUTH_ACCESS_TTL_S")
        token = jwt.encode(HEADER, self._claims(subject, scope_text(scopes), lifetime_s), self._key, registry=self._jws)
        if len(token) > LONGEST_TOKEN:
            raise ValueError(f"auth.issue made a token of {len(token)} bytes, over {LONGEST_TOKEN}: give fewer scopes")
        return token

    def _claims(self, subject: str, scope: str, lifetime_s: int) -> dict[str, object]:
        now = int(self._now())
        return {
            "iss": self._settings.auth_issuer,
            "aud": self._settings.auth_audience,
            "sub": subject,
            "scope": scope,
            "iat": now,
            "exp": now + lifetime_s,
            "jti": secrets.token_urlsafe(16),
        }

    def read(self, token: str) -> Claims:
        """Check all of a token; raises Unauthenticated, and says why only to the log."""
        try:
            payload = self._checked(token)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            log.debug("token refused: %s", type(error).__name__)
            raise Unauthenticated from None
        scopes = tuple(payload.scope.split())
        return Claims(subject=payload.sub, scopes=scopes, expires_at_utc=payload.exp, token_id=payload.jti)

    def _checked(self, token: str) -> Payload:
        if len(token) > LONGEST_TOKEN:
            raise ValueError("too long")
        found = jwt.decode(token, self._key, registry=self._jws)
        if found.header != HEADER:  # so no other kind of token, and no kid, jwk, jku, crit, b64, ...
            raise ValueError("not our header")
        self._rules.validate(found.claims)
        return msgspec.convert(found.claims, Payload)


def scope_text(scopes: Sequence[str]) -> str:
    """Join scopes as a token carries them.

    >>> scope_text(["users:read", "users:write"])
    'users:read users:write'
    """
    if isinstance(scopes, str):  # a sequence too, of letters
        raise ValueError(f"auth got the scopes {scopes!r}: give a list, e.g. `[{scopes!r}]`")
    for scope in scopes:
        if not SCOPE.fullmatch(scope):
            raise ValueError(f"auth got the scope {scope!r}: give a name without spaces, quotes and backslashes")
    return " ".join(scopes)
