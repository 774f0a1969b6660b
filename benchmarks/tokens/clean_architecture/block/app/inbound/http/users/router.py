from fastapi import APIRouter

from app.inbound.http.users.block_user import make_block_user_router
from app.inbound.http.users.register_user import make_register_user_router


def make_users_router() -> APIRouter:
    router = APIRouter(tags=["Users"])
    router.include_router(make_register_user_router())
    router.include_router(make_block_user_router())
    return router
