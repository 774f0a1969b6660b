from dataclasses import dataclass, field

from app.core.common.entities.types_ import NotificationId, UserId


@dataclass(eq=False, kw_only=True)
class Notification:
    id_: NotificationId = field(init=False)
    user_id: UserId
    kind: str
    message: str
