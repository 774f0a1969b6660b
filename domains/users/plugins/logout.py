from domains.users.models import RefreshToken
from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Http


class Logout:
    """POST /auth/logout: end the session that a refresh token belongs to; the same answer for one that is not known."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/auth/logout", "POST", self.execute, public=True, tags=["Auth"])

    async def execute(self, sent: RefreshToken) -> None:
        await self.db.execute(
            "DELETE FROM refresh_tokens WHERE family = (SELECT family FROM refresh_tokens WHERE digest = ?)",
            (self.auth.digest(sent.refresh_token),),
        )
