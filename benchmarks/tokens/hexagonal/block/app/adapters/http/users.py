from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.adapters.http.dependencies import AdminDep, ApplicationDep
from app.domain.user import User

router = APIRouter(prefix="/users", tags=["users"])


class RegisterUserRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    password: Annotated[str, Field(min_length=8, max_length=1024)]


class UserResponse(BaseModel):
    id: int
    name: str
    email: str
    role: str


@router.post("", status_code=201, response_model=UserResponse)
def register_user(request: RegisterUserRequest, application: ApplicationDep) -> User:
    return application.register_user(request.name, request.email, request.password)


@router.post("/{id}/block", status_code=204)
def block_user(id: int, admin: AdminDep, application: ApplicationDep) -> None:
    application.block_user(id)
