from domains.users.models import User, refuse_strangers
from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Context, Http


class GetUser:
    """GET /users/{id}: show an account to its owner, and to administrators."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/users/{id}", "GET", self.execute, guard=self.auth.require(), tags=["Users"])

    async def execute(self, id: int, context: Context) -> User:
        refuse_strangers(context.claims, id)
        user: User | None = await self.db.query_one(
            "SELECT id, name, email, role, created_at_utc FROM users WHERE id = ?", (id,), into=User
        )
        if user is None:
            raise Refusal(404, "no such user")
        return user
