from fastapi import APIRouter

from app.api.dependencies import UserServiceDep
from app.models import User
from app.schemas.user import RegisterUserRequest, UserResponse

router = APIRouter(prefix="/users", tags=["users"])


@router.post("", status_code=201, response_model=UserResponse)
def register_user(request: RegisterUserRequest, users: UserServiceDep) -> User:
    return users.register(request.name, request.email, request.password)
