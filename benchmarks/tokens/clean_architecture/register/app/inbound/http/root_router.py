from fastapi import APIRouter

from app.inbound.http.auth.router import make_auth_router
from app.inbound.http.notifications.router import make_notifications_router
from app.inbound.http.users.router import make_users_router


def make_root_router() -> APIRouter:
    router = APIRouter()
    router.include_router(make_auth_router())
    router.include_router(make_notifications_router())
    router.include_router(make_users_router())
    return router
