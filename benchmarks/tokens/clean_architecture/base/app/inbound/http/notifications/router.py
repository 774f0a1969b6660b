from fastapi import APIRouter

from app.inbound.http.notifications.list_notifications import make_list_notifications_router


def make_notifications_router() -> APIRouter:
    router = APIRouter(tags=["Notifications"])
    router.include_router(make_list_notifications_router())
    return router
