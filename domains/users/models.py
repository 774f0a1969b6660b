"""What the features of `users` share: the shapes of requests, answers, rows and events, and two rules."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hookspecs import Refusal
from tools.auth.contract import Claims
from tools.db.contract import Db
from tools.state.contract import State

# ASCII, so that every engine's `lower` agrees with Python's; `(?!\n)` because Python's `$` also matches before one
EMAIL = r"^[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$(?!\n)"
Email = Annotated[str, Meta(max_length=254, pattern=EMAIL, examples=["ana@example.com"])]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)", examples=["Ana"])]
Password = Annotated[str, Meta(min_length=8, max_length=1024, examples=["correct horse"])]
Role = Literal["user", "admin"]


class NewUser(Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs up."""

    name: Name
    email: Email
    password: Password


class UserEntity(Struct, forbid_unknown_fields=True):
    """Who is added, maybe without a password: then nobody can log in."""

    name: Name
    email: Email
    password: Password | None = None


class UserChanges(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change; what is left out, or null, stays."""

    name: Name | None = None
    email: Email | None = None
    password: Password | None = None
    current_password: Password | None = None
    role: Role | None = None


class User(Struct, frozen=True):
    """An account, as its owner and administrators see it."""

    id: int
    name: str
    email: str
    role: Role
    created_at_utc: datetime


class Account(Struct, frozen=True):
    """What signing in reads; it never leaves."""

    id: int
    email: str
    role: Role
    password_hash: str | None


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs in."""

    email: Email
    password: Password


class RefreshToken(Struct, frozen=True, forbid_unknown_fields=True):
    """What the last login or refresh gave."""

    refresh_token: Annotated[str, Meta(max_length=1024)]


class Tokens(Struct, frozen=True, kw_only=True):
    """A session: the access token goes with each request, the refresh token gets the next two."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (no secret: the name of a scheme)
    expires_in: int
    """Seconds that the access token lives."""


class UserCreated(Struct, frozen=True):
    """Payload of `user.created`."""

    id: int
    email: str


class UserUpdated(Struct, frozen=True):
    """Payload of `user.updated`."""

    id: int


class UserDeleted(Struct, frozen=True):
    """Payload of `user.deleted`."""

    id: int


class SessionSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """How long a session lives."""

    auth_access_ttl_s: Annotated[int, Meta(description="how long an access token lives, in seconds", gt=0)] = 900
    refresh_ttl_s: Annotated[
        int, Meta(description="how long a refresh token lives, in seconds; each use begins it anew", gt=0)
    ] = 2_592_000


class LoginSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """How many wrong passwords are checked in a window, which begins with the first."""

    login_attempts_per_account: Annotated[int, Meta(description="wrong passwords of one account", ge=1)] = 10
    login_attempts_per_address: Annotated[int, Meta(description="wrong passwords from one address", ge=1)] = 100
    login_window_s: Annotated[float, Meta(description="how long a wrong password counts, in seconds", gt=0)] = 900


class WrongPasswordError(Refusal):
    """401: in the same words whether the account is not there, has no password, or has another."""

    def __init__(self) -> None:
        super().__init__(401, "the email or the password is wrong")


class TooManyAttemptsError(Refusal):
    """429: nothing is checked until the limit of the account, or of the address, begins anew."""

    def __init__(self, retry_after_s: float | None) -> None:
        super().__init__(429, "too many wrong passwords: try again later", retry_after_s)


class LastAdministratorError(Refusal):
    """409: without an administrator nobody could appoint one."""

    def __init__(self) -> None:
        super().__init__(409, "this is the last administrator: appoint another first")


class Attempts:
    """Limits wrong passwords: each is counted before it is checked, so that side by side none slips through."""

    def __init__(self, state: State, settings: LoginSettings) -> None:
        self.counters, self.settings = state.namespace("login"), settings

    @asynccontextmanager
    async def one(self, email: str, address: str) -> AsyncIterator[None]:
        """Count one while the password is checked; only WrongPasswordError, or leaving half-way, keeps it counted.

        Raises:
            TooManyAttemptsError: the limit of the account or of the address is reached: nothing must be checked.
        """
        limits = {f"account {email.lower()}": self.settings.login_attempts_per_account}
        if address:  # none on a Unix socket, where all clients would share one limit
            # first, so that an address over its limit cannot fill the state with accounts that nobody has
            limits = {f"address {address}": self.settings.login_attempts_per_address, **limits}
        await self._count(limits)
        try:
            yield
        except WrongPasswordError:
            raise
        except Exception:
            await self._give_back([*limits])
            raise
        await self._give_back([*limits])

    async def _count(self, limits: dict[str, int]) -> None:
        counted: list[str] = []
        for key, most in limits.items():
            counted.append(key)
            if await self.counters.increment(key, ttl=self.settings.login_window_s) > most:
                await self._give_back(counted)
                raise TooManyAttemptsError(await self.counters.ttl(key))

    async def _give_back(self, keys: list[str]) -> None:
        for key in keys:
            if await self.counters.get(key):  # else the window ended: below 0 would be a free attempt in the next
                await self.counters.increment(key, -1, ttl=self.settings.login_window_s)


def refuse_strangers(claims: Claims, user_id: int) -> None:
    """Let in the owner of an account and administrators; call it before anything is looked up.

    Raises:
        Refusal: 403, the same for an account that is not there.
    """
    if claims.subject != str(user_id) and "admin" not in claims.scopes:
        raise Refusal(403, "this is not your account")


async def refuse_lapsed(db: Db, claims: Claims, user_id: int) -> None:
    """Let in the owner, and who still is an administrator: call it in the transaction that changes the account.

    A token outlives the right that it tells of by some minutes; a demoted administrator must not use them.

    Raises:
        Refusal: 403.
    """
    if claims.subject != str(user_id):
        caller = await db.query_one("SELECT id FROM users WHERE id = ? AND role = 'admin'", (int(claims.subject),))
        if caller is None:
            raise Refusal(403, "this is not your account")
