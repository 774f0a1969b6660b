from fastapi import APIRouter

from app.api.dependencies import AuthServiceDep
from app.schemas.auth import LoginRequest, TokenResponse

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/login")
def login(request: LoginRequest, auth: AuthServiceDep) -> TokenResponse:
    return TokenResponse(access_token=auth.login(request.email, request.password))
