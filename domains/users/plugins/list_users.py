from typing import Annotated

from msgspec import Meta

from domains.users.models import User, UserPage
from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Http


class ListUsers:
    """GET /users: list accounts by id, a page at a time, for administrators."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/users", "GET", self.execute, guard=self.auth.require("admin"), tags=["Users"])

    async def execute(self, after: int = 0, limit: Annotated[int, Meta(ge=1, le=100)] = 20) -> UserPage:
        users: list[User] = await self.db.query(
            "SELECT id, name, email, role, created_at_utc FROM users WHERE id > ? ORDER BY id LIMIT ?",
            (after, limit + 1),  # one more tells whether there is a next page
            into=User,
        )
        return UserPage(users[:limit], next_after=users[limit - 1].id if len(users) > limit else None)
