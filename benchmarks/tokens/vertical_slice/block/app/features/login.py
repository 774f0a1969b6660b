from typing import Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from app.database import SessionDep
from app.models import User
from app.security import issue_token, verify_password

router = APIRouter(tags=["auth"])


class Login(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str
    password: str


class Token(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"


@router.post("/auth/login")
def login(sent: Login, session: SessionDep, request: Request) -> Token:
    user = session.scalar(select(User).where(User.email == sent.email.lower()))
    if not verify_password(sent.password, user.password_hash if user else None) or user is None:
        raise HTTPException(401, "the email or the password is wrong")
    if user.is_blocked:
        raise HTTPException(403, "this account is blocked")
    return Token(access_token=issue_token(user.id, user.role, request.app.state.settings.secret_key))
