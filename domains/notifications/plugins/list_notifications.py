from domains.notifications.models import Notification
from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Context, Http, Page, Paging


class ListNotifications:
    """GET /notifications: list the caller's messages, the newest first, a page at a time."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/notifications", "GET", self.execute, guard=self.auth.require(), tags=["Notifications"])

    async def execute(self, context: Context, page: Paging) -> Page[Notification]:
        found: list[Notification] = await self.db.query(
            "SELECT id, kind, message, created_at_utc FROM notifications"
            " WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
            (int(context.claims.subject), *page.start(2**63 - 1), page.rows),
            into=Notification,
        )
        return page.of(found, lambda one: one.id)
