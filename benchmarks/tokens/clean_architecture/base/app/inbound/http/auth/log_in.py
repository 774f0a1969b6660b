from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from app.infrastructure.auth_ctx.handlers.log_in import LogIn, LogInRequest, LogInResponse
from app.main.ioc.container import from_container


class LogInBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str
    password: str


def make_log_in_router() -> APIRouter:
    router = APIRouter()

    @router.post("/auth/login")
    def log_in(body: LogInBody, interactor: Annotated[LogIn, Depends(from_container(LogIn))]) -> LogInResponse:
        return interactor.execute(LogInRequest(email=body.email, password=body.password))

    return router
