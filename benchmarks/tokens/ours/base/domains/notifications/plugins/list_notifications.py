from msgspec import Struct

from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Context, Http


class Notification(Struct):
    id: int
    kind: str
    message: str


class ListNotifications:
    """GET /notifications: list the caller's notifications, the newest first."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/notifications", "GET", self.execute, guard=self.auth.require(), tags=["Notifications"])

    async def execute(self, context: Context) -> list[Notification]:
        return await self.db.query(
            "SELECT id, kind, message FROM notifications WHERE user_id = ? ORDER BY id DESC",
            (int(context.claims.subject),),
            into=Notification,
        )
