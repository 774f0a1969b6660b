"""What plugins may ask of `auth`, and what it answers with.

Refusal
  Unauthenticated  401  nobody, or nobody we know
  Forbidden        403  somebody, who may not
  PasswordError    422  a password that cannot be taken
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from hookspecs import Refusal


class Unauthenticated(Refusal):
    """401, in the same words for every cause: a caller learns nothing about why a token is refused."""

    def __init__(self) -> None:
        super().__init__(401, "the credentials are missing or not accepted: sign in again")


class Forbidden(Refusal):
    """403: the token is good, and lacks `scopes`."""

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(403, f"the token lacks the scope {' '.join(scopes)!r}: ask for one that has it")
        self.scopes = tuple(scopes)


class PasswordError(Refusal):
    """422: a password that no account can have."""

    def __init__(self) -> None:
        super().__init__(422, "a password has 8 to 1024 bytes of valid UTF-8: choose another")


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What an accepted token says."""

    subject: str
    scopes: tuple[str, ...]
    expires_at_utc: int
    """Unix time in seconds."""
    token_id: str
    """Unique to the token: the key of a revocation list."""


class Secret(NamedTuple):
    """A random token for its holder, and the digest that is stored in its place."""

    token: str
    digest: str

    def __repr__(self) -> str:
        return f"Secret(token=..., digest={self.digest!r})"


class Headers(Protocol):
    """The part of a request's headers that a guard reads."""

    def get(self, key: str, /) -> str | None: ...


class HasHeaders(Protocol):
    """The part of http's context that a guard reads."""

    @property
    def headers(self) -> Headers: ...


class Guard(Protocol):
    """What stands before an endpoint: `add_endpoint(..., guard=self.auth.require("users:write"))`."""

    @property
    def scheme(self) -> str:
        """`bearer`, as OpenAPI writes it."""
        ...

    @property
    def scopes(self) -> tuple[str, ...]:
        """What a token needs, every one of them."""
        ...

    async def __call__(self, context: HasHeaders) -> Claims:
        """Answer with the caller's claims, or refuse.

        Raises:
            Unauthenticated: no `Authorization: Bearer` header, or a token that is not accepted.
            Forbidden: an accepted token that lacks one of `scopes`.
        """
        ...


class Accounts(Protocol):
    """What plugins call that keep accounts and sessions."""

    def needs_rehash(self, hashed: str) -> bool:
        """Tell, after a good login, whether to store `await hash_password(password)` in place of this hash."""
        ...

    def issue(self, subject: str, *, scopes: Sequence[str] = (), ttl_s: int | None = None) -> str:
        """Issue a signed access token for `subject`, which its holder can read.

        Args:
            subject: who it is for, e.g. `str(user.id)`; not empty.
            scopes: what it allows, e.g. `["users:write"]`; names without spaces, quotes and backslashes.
            ttl_s: how long it lives, above 0; None for `AUTH_ACCESS_TTL_S`.

        Raises:
            ValueError: an argument that no token can carry.
        """
        ...

    def read(self, token: str) -> Claims:
        """Read the claims of an access token that was issued here and still lives.

        Raises:
            Unauthenticated: anything else, whatever it is.
        """
        ...

    def new_secret(self) -> Secret:
        """Make a random token of 256 bits, to send, and its digest, to store: for refreshing, inviting, resetting."""
        ...

    def digest(self, token: str) -> str:
        """Digest a token that came back, to look its row up: SHA-256 in hexadecimal, enough for random tokens only."""
        ...


class Auth(Accounts, Protocol):
    """Hashes passwords, issues and reads access tokens, and makes guards for endpoints."""

    async def hash_password(self, password: str) -> str:
        """Hash a new password for the database, which takes about 0.1 s and blocks nobody.

        Args:
            password: 8 to 1024 bytes in UTF-8, any characters, nothing is cut off.

        Raises:
            PasswordError: the length is out of range, or the text is no valid UTF-8.
            Refusal: 503, too many passwords are waiting.

        Source: RFC 9106 section 4, second recommended option; OWASP Password Storage.
        """
        ...

    async def verify_password(self, password: str, hashed: str | None) -> bool:
        """Tell whether a password is the one that was hashed, in about the same time for every no.

        Args:
            password: what a client sent, whatever it is.
            hashed: what `hash_password` gave; None for an unknown user, or one who has no password.

        Returns:
            False for a wrong password, for None, and for a hash that is none of ours.

        Raises:
            Refusal: 503, too many passwords are waiting.
        """
        ...

    def require(self, *scopes: str) -> Guard:
        """Make a guard that lets in callers whose token has all of `scopes`; none: any good token.

        Raises:
            ValueError: a scope that no token can carry.
        """
        ...


USUAL = ("Claims",)
"""What features usually import from here; the manifest names it."""
