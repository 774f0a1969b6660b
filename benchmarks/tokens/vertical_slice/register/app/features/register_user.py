from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError

from app.database import SessionDep
from app.events import BusDep
from app.models import User
from app.security import hash_password

router = APIRouter(tags=["users"])


class RegisterUser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    password: Annotated[str, Field(min_length=8, max_length=1024)]


class RegisteredUser(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    email: str
    role: str


@dataclass(frozen=True)
class UserCreated:
    """The event `user.created`."""

    id: int
    name: str


@router.post("/users", status_code=201, response_model=RegisteredUser)
def register_user(sent: RegisterUser, session: SessionDep, bus: BusDep) -> User:
    user = User(name=sent.name, email=sent.email.lower(), password_hash=hash_password(sent.password))
    session.add(user)
    try:
        session.commit()
    except IntegrityError:
        raise HTTPException(409, "a user with this email exists") from None
    bus.publish(UserCreated(user.id, user.name))
    return user
