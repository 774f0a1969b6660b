from typing import Annotated

from fastapi import APIRouter, Depends, status
from pydantic import BaseModel, ConfigDict

from app.core.commands.register_user import RegisterUser, RegisterUserRequest, RegisterUserResponse
from app.main.ioc.container import from_container


class RegisterUserBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    email: str
    password: str


def make_register_user_router() -> APIRouter:
    router = APIRouter()

    @router.post("/users", status_code=status.HTTP_201_CREATED)
    def register_user(
        body: RegisterUserBody, interactor: Annotated[RegisterUser, Depends(from_container(RegisterUser))]
    ) -> RegisterUserResponse:
        return interactor.execute(RegisterUserRequest(name=body.name, email=body.email, password=body.password))

    return router
