"""The `auth` of a project by itself: its own passwords, its own tokens, no service."""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Sequence

from hookspecs import hookimpl
from tools.auth.argon2_passwords import Argon2Passwords
from tools.auth.bearer_guard import BearerGuard
from tools.auth.contract import Claims, Guard, Secret
from tools.auth.hash_pool import HashPool
from tools.auth.jwt_tokens import JwtTokens, scope_text
from tools.auth.settings import AuthSettings
from tools.auth.signing_key import given_signing_key, load_signing_key


class JwtAuth:
    """argon2id in a pool of threads, one a core; tokens in joserfc."""

    def __init__(self, settings: AuthSettings, now: Callable[[], float] = time.time) -> None:
        self._settings, self._now = settings, now
        self._passwords = Argon2Passwords(settings)
        self._hashing = HashPool(threads=os.cpu_count() or 1, waiting=settings.auth_hash_queue)
        self._signer: JwtTokens | None = None
        # a secret that is missing is told together with what other tools miss; a file is only made by a boot
        self._key = given_signing_key(settings)

    @hookimpl
    async def on_boot(self) -> None:
        self._signer = JwtTokens(self._key or load_signing_key(self._settings), self._settings, self._now)
        self._hashing.start()

    @hookimpl
    async def on_shutdown(self) -> None:
        self._hashing.stop()

    async def hash_password(self, password: str) -> str:
        return await self._hashing(self._passwords.hash, self._passwords.encode(password))

    async def verify_password(self, password: str, hashed: str | None) -> bool:
        return await self._hashing(self._passwords.verify, password, hashed)

    def needs_rehash(self, hashed: str) -> bool:
        return self._passwords.needs_rehash(hashed)

    def issue(self, subject: str, *, scopes: Sequence[str] = (), ttl_s: int | None = None) -> str:
        return self._tokens().issue(subject, scopes, ttl_s)

    def read(self, token: str) -> Claims:
        return self._tokens().read(token)

    def require(self, *scopes: str) -> Guard:
        scope_text(scopes)
        return BearerGuard(self.read, scopes)

    def new_secret(self) -> Secret:
        token = secrets.token_urlsafe(32)
        return Secret(token, self.digest(token))

    def digest(self, token: str) -> str:
        # surrogatepass: a client's text, whatever it is, finds no row rather than raising
        return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()

    def _tokens(self) -> JwtTokens:
        if self._signer is None:
            raise RuntimeError("auth is not booted: issue and read tokens in on_boot or later")
        return self._signer
