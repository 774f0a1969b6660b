from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Http


class BlockUser:
    """POST /users/{id}/block: block a user, who cannot log in then; for administrators."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint(
            "/users/{id}/block", "POST", self.execute, guard=self.auth.require("admin"), tags=["Users"]
        )

    async def execute(self, id: int) -> None:
        if not await self.db.execute("UPDATE users SET is_blocked = TRUE WHERE id = ?", (id,)):
            raise Refusal(404, "no such user")
