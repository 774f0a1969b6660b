from typing import Annotated

from msgspec import Meta

from domains.notifications.models import Notification, NotificationPage
from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Context, Http


class ListNotifications:
    """GET /notifications: list the caller's messages, the newest first, a page at a time."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/notifications", "GET", self.execute, guard=self.auth.require(), tags=["Notifications"])

    async def execute(
        self, context: Context, after: int | None = None, limit: Annotated[int, Meta(ge=1, le=100)] = 20
    ) -> NotificationPage:
        found: list[Notification] = await self.db.query(
            "SELECT id, kind, message, created_at_utc FROM notifications"
            " WHERE user_id = :user AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :most",
            {"user": int(context.claims.subject), "after": after, "most": limit + 1},  # one more: is there a next page
            into=Notification,
        )
        return NotificationPage(found[:limit], next_after=found[limit - 1].id if len(found) > limit else None)
