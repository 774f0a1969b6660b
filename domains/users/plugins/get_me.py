from domains.users.models import User
from hookspecs import hookimpl
from tools.auth.contract import Auth, Unauthenticated
from tools.db.contract import Db
from tools.http.contract import Context, Http


class GetMe:
    """GET /users/me: show the caller's account."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/users/me", "GET", self.execute, guard=self.auth.require(), tags=["Users"])

    async def execute(self, context: Context) -> User:
        user: User | None = await self.db.query_one(
            "SELECT id, name, email, role, created_at_utc FROM users WHERE id = ?",
            (int(context.claims.subject),),
            into=User,
        )
        if user is None:  # deleted while the token still lives
            raise Unauthenticated
        return user
