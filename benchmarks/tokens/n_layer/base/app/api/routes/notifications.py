from collections.abc import Sequence

from fastapi import APIRouter

from app.api.dependencies import CallerDep, NotificationServiceDep
from app.models import Notification
from app.schemas.notification import NotificationResponse

router = APIRouter(prefix="/notifications", tags=["notifications"])


@router.get("", response_model=list[NotificationResponse])
def list_notifications(caller: CallerDep, notifications: NotificationServiceDep) -> Sequence[Notification]:
    return notifications.list_of_user(caller.id)
