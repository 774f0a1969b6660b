from domains.users.models import (
    Account,
    Attempts,
    LoginSettings,
    TooManyAttemptsError,
    User,
    UserChanges,
    UserUpdated,
    WrongPasswordError,
    refuse_lapsed,
    refuse_strangers,
)
from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth, Claims
from tools.config.contract import Config
from tools.db.contract import Db, UniqueError
from tools.event_bus.contract import EventBus
from tools.http.contract import Context, Http
from tools.state.contract import State


class UpdateUser:
    """PATCH /users/{id}: change an account, publish `user.updated`; a new password ends its sessions."""

    def __init__(self, http: Http, db: Db, event_bus: EventBus, auth: Auth, state: State, config: Config) -> None:
        self.http, self.db, self.bus, self.auth = http, db, event_bus, auth
        self.attempts = Attempts(state, config.read(LoginSettings))

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint(
            "/users/{id}",
            "PATCH",
            self.execute,
            guard=self.auth.require(),
            tags=["Users"],
            errors={
                UniqueError: (409, "a user with this email exists", "/email"),
                WrongPasswordError: (403, "the current password is wrong", "/current_password"),
                TooManyAttemptsError: 429,
            },
        )

    async def execute(self, id: int, changes: UserChanges, context: Context) -> User:
        claims: Claims = context.claims
        refuse_strangers(claims, id)
        is_admin, is_own = "admin" in claims.scopes, claims.subject == str(id)
        if changes.role and (is_own or not is_admin):
            raise Refusal(403, "only another administrator can change your role")
        old = None
        if changes.password and is_own:
            old = await self._check_current(id, changes.current_password or "", context.client_ip)
        hashed = await self.auth.hash_password(changes.password) if changes.password else None
        async with self.db.transaction(serializable=True):  # who may do it is read, and not changed
            await refuse_lapsed(self.db, claims, id)
            user = await self._store(id, changes, hashed, old)
            await self.bus.publish("user.updated", UserUpdated(id))
        return user

    async def _check_current(self, id: int, password: str, address: str) -> str | None:
        account: Account | None = await self.db.query_one(
            "SELECT id, email, role, password_hash FROM users WHERE id = ?", (id,), into=Account
        )
        if account is None:
            raise Refusal(404, "no such user")
        async with self.attempts.one(account.email, address):
            if not await self.auth.verify_password(password, account.password_hash):
                raise WrongPasswordError
        return account.password_hash

    async def _store(self, id: int, changes: UserChanges, hashed: str | None, old: str | None) -> User:
        email = changes.email and changes.email.lower()
        user: User | None = await self.db.query_one(
            "UPDATE users SET name = coalesce(?, name), email = coalesce(?, email), role = coalesce(?, role),"
            " password_hash = coalesce(?, password_hash) WHERE id = ? AND (? IS NULL OR password_hash = ?)"
            " RETURNING id, name, email, role, created_at_utc",
            (changes.name, email, changes.role, hashed, id, old, old),
            into=User,
        )
        if user is None and old:  # another password was set while this one was checked
            raise WrongPasswordError
        if user is None:
            raise Refusal(404, "no such user")
        if hashed:
            await self.db.execute("DELETE FROM refresh_tokens WHERE user_id = ?", (id,))
        return user
