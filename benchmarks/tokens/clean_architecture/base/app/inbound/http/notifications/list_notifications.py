from typing import Annotated

from fastapi import APIRouter, Depends

from app.core.queries.list_notifications import ListNotifications
from app.core.queries.models.notification import NotificationQm
from app.main.ioc.container import from_container


def make_list_notifications_router() -> APIRouter:
    router = APIRouter()

    @router.get("/notifications")
    def list_notifications(
        interactor: Annotated[ListNotifications, Depends(from_container(ListNotifications))],
    ) -> list[NotificationQm]:
        return interactor.execute()

    return router
