from typing import Annotated

from fastapi import APIRouter, Depends, status

from app.core.commands.block_user import BlockUser, BlockUserRequest
from app.main.ioc.container import from_container


def make_block_user_router() -> APIRouter:
    router = APIRouter()

    @router.post("/users/{user_id}/block", status_code=status.HTTP_204_NO_CONTENT)
    def block_user(user_id: int, interactor: Annotated[BlockUser, Depends(from_container(BlockUser))]) -> None:
        interactor.execute(BlockUserRequest(user_id=user_id))

    return router
