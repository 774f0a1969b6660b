from domains.users.models import User
from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Http, Page, Paging


class ListUsers:
    """GET /users: list accounts by id, a page at a time, for administrators."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/users", "GET", self.execute, guard=self.auth.require("admin"), tags=["Users"])

    async def execute(self, page: Paging) -> Page[User]:
        users: list[User] = await self.db.query(
            "SELECT id, name, email, role, created_at_utc FROM users WHERE id > ? ORDER BY id LIMIT ?",
            (*page.start(0), page.rows),
            into=User,
        )
        return page.of(users, lambda user: user.id)
