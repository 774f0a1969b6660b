from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from app.adapters.http.dependencies import ApplicationDep

router = APIRouter(prefix="/auth", tags=["auth"])


class LoginRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str
    password: str


class TokenResponse(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"


@router.post("/login")
def login(request: LoginRequest, application: ApplicationDep) -> TokenResponse:
    return TokenResponse(access_token=application.login(request.email, request.password))
