from datetime import UTC, datetime, timedelta

from domains.users.models import (
    Account,
    Attempts,
    Credentials,
    LoginSettings,
    SessionSettings,
    Tokens,
    TooManyAttemptsError,
    WrongPasswordError,
)
from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.config.contract import Config
from tools.db.contract import Db
from tools.http.contract import Context, Http
from tools.state.contract import State


class Login:
    """POST /auth/login: begin a session; wrong passwords are limited per account and per address."""

    def __init__(self, http: Http, db: Db, auth: Auth, state: State, config: Config) -> None:
        self.http, self.db, self.auth = http, db, auth
        self.settings = config.read(SessionSettings)
        self.attempts = Attempts(state, config.read(LoginSettings))

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/auth/login", "POST", self.execute, public=True, tags=["Auth"],
                               errors={WrongPasswordError: 401, TooManyAttemptsError: 429})  # fmt: skip

    async def execute(self, sent: Credentials, context: Context) -> Tokens:
        async with self.attempts.one(sent.email, context.client_ip):
            account: Account | None = await self.db.query_one(
                "SELECT id, email, role, password_hash FROM users WHERE lower(email) = ?",
                (sent.email.lower(),),
                into=Account,
            )
            hashed = account.password_hash if account else None
            if not await self.auth.verify_password(sent.password, hashed) or account is None or hashed is None:
                raise WrongPasswordError
            tokens = await self._begin(account, hashed)
        if self.auth.needs_rehash(hashed):
            fresh = await self.auth.hash_password(sent.password)
            await self.db.execute(
                "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?", (fresh, account.id, hashed)
            )
        return tokens

    async def _begin(self, account: Account, hashed: str) -> Tokens:
        secret, now = self.auth.new_secret(), datetime.now(UTC)
        expires_at_utc = now + timedelta(seconds=self.settings.refresh_ttl_s)
        async with self.db.transaction():
            await self.db.execute(
                "DELETE FROM refresh_tokens WHERE user_id = ? AND expires_at_utc <= ?", (account.id, now)
            )
            begun = await self.db.execute(
                "INSERT INTO refresh_tokens (digest, family, expires_at_utc, user_id)"
                " SELECT ?, ?, ?, id FROM users WHERE id = ? AND password_hash = ?",
                (secret.digest, secret.digest, expires_at_utc, account.id, hashed),
            )
        if not begun:  # deleted, or given another password, while this one was verified
            raise WrongPasswordError
        scopes, ttl_s = ["admin"] if account.role == "admin" else [], self.settings.auth_access_ttl_s
        access_token = self.auth.issue(str(account.id), scopes=scopes, ttl_s=ttl_s)
        return Tokens(access_token=access_token, refresh_token=secret.token, expires_in=ttl_s)
