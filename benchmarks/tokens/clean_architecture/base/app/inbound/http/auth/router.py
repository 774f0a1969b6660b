from fastapi import APIRouter

from app.inbound.http.auth.log_in import make_log_in_router


def make_auth_router() -> APIRouter:
    router = APIRouter(tags=["Auth"])
    router.include_router(make_log_in_router())
    return router
