from domains.users.models import LastAdministratorError, UserDeleted, refuse_lapsed, refuse_strangers
from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.event_bus.contract import EventBus
from tools.http.contract import Context, Http


class DeleteUser:
    """DELETE /users/{id}: delete an account and its sessions, publish `user.deleted`."""

    def __init__(self, http: Http, db: Db, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.db, self.bus, self.auth = http, db, event_bus, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/users/{id}", "DELETE", self.execute, guard=self.auth.require(), tags=["Users"],
                               errors={LastAdministratorError: 409})  # fmt: skip

    async def execute(self, id: int, context: Context) -> None:
        refuse_strangers(context.claims, id)
        async with self.db.transaction(serializable=True):  # who may do it is read, and not changed
            await refuse_lapsed(self.db, context.claims, id)
            gone = await self.db.query_one("DELETE FROM users WHERE id = ? RETURNING role", (id,))
            if gone is None:
                raise Refusal(404, "no such user")
            if gone["role"] == "admin":
                await self._refuse_if_none_is_left()
            await self.bus.publish("user.deleted", UserDeleted(id))

    async def _refuse_if_none_is_left(self) -> None:
        if await self.db.query_one("SELECT id FROM users WHERE role = 'admin' LIMIT 1") is None:
            raise LastAdministratorError
