from fastapi import APIRouter

from app.api.dependencies import AdminDep, UserServiceDep
from app.models import User
from app.schemas.user import RegisterUserRequest, UserResponse

router = APIRouter(prefix="/users", tags=["users"])


@router.post("", status_code=201, response_model=UserResponse)
def register_user(request: RegisterUserRequest, users: UserServiceDep) -> User:
    return users.register(request.name, request.email, request.password)


@router.post("/{id}/block", status_code=204)
def block_user(id: int, admin: AdminDep, users: UserServiceDep) -> None:
    users.block(id)
