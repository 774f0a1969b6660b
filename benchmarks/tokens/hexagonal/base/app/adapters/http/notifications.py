from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel

from app.adapters.http.dependencies import ApplicationDep, CallerDep
from app.domain.notification import Notification

router = APIRouter(prefix="/notifications", tags=["notifications"])


class NotificationResponse(BaseModel):
    id: int
    kind: str
    message: str


@router.get("", response_model=list[NotificationResponse])
def list_notifications(caller: CallerDep, application: ApplicationDep) -> Sequence[Notification]:
    return application.list_notifications(caller)
