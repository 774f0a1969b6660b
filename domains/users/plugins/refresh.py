from datetime import UTC, datetime, timedelta

from domains.users.models import RefreshToken, SessionSettings, Tokens
from hookspecs import hookimpl
from tools.auth.contract import Auth, Unauthenticated
from tools.config.contract import Config
from tools.db.contract import Db
from tools.http.contract import Http


class Refresh:
    """POST /auth/refresh: trade a refresh token for the next two tokens, once; using it again ends the session."""

    def __init__(self, http: Http, db: Db, auth: Auth, config: Config) -> None:
        self.http, self.db, self.auth = http, db, auth
        self.settings = config.read(SessionSettings)

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/auth/refresh", "POST", self.execute, public=True, tags=["Auth"],
                               errors={Unauthenticated: 401})  # fmt: skip

    async def execute(self, sent: RefreshToken) -> Tokens:
        digest = self.auth.digest(sent.refresh_token)
        async with self.db.transaction():
            tokens = await self._rotate(digest, datetime.now(UTC))
        if tokens is None:  # outside: the end of the session is stored although the answer is an error
            await self.db.execute(
                "DELETE FROM refresh_tokens WHERE family = (SELECT family FROM refresh_tokens WHERE digest = ?)",
                (digest,),
            )
            raise Unauthenticated
        return tokens

    async def _rotate(self, digest: str, now: datetime) -> Tokens | None:
        used = await self.db.query_one(
            "UPDATE refresh_tokens SET used_at_utc = ? WHERE digest = ? AND used_at_utc IS NULL AND expires_at_utc > ?"
            " RETURNING family, user_id, (SELECT role FROM users WHERE id = user_id) AS role",
            (now, digest, now),
        )
        if used is None:
            return None
        secret = self.auth.new_secret()
        await self.db.execute(
            "INSERT INTO refresh_tokens (digest, family, user_id, expires_at_utc) VALUES (?, ?, ?, ?)",
            (secret.digest, used["family"], used["user_id"], now + timedelta(seconds=self.settings.refresh_ttl_s)),
        )
        await self.db.execute(
            "DELETE FROM refresh_tokens WHERE user_id = ? AND expires_at_utc <= ?", (used["user_id"], now)
        )
        scopes, ttl_s = ["admin"] if used["role"] == "admin" else [], self.settings.auth_access_ttl_s
        access_token = self.auth.issue(str(used["user_id"]), scopes=scopes, ttl_s=ttl_s)
        return Tokens(access_token=access_token, refresh_token=secret.token, expires_in=ttl_s)
