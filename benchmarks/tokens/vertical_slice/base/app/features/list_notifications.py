from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select

from app.database import SessionDep
from app.models import Notification
from app.security import CallerDep

router = APIRouter(tags=["notifications"])


class NotificationRead(BaseModel):
    id: int
    kind: str
    message: str


@router.get("/notifications", response_model=list[NotificationRead])
def list_notifications(caller: CallerDep, session: SessionDep) -> Sequence[Notification]:
    query = select(Notification).where(Notification.user_id == caller.id).order_by(Notification.id.desc())
    return session.scalars(query).all()
