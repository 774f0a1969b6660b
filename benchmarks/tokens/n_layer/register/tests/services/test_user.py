import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.core.events import EventBus
from app.core.exceptions import ConflictError
from app.core.security import PasswordHandler
from app.repositories.user import UserRepository
from app.services.user import UserCreated, UserService


@pytest.fixture
def published() -> list[UserCreated]:
    return []


@pytest.fixture
def users(app: FastAPI, session: Session, published: list[UserCreated]) -> UserService:
    bus = EventBus(app.state.sessions)
    bus.subscribe(UserCreated, lambda event, session: published.append(event))
    return UserService(session, UserRepository(session), bus)


def test_register_stores_a_hash_and_publishes_the_event(users: UserService, published: list[UserCreated]) -> None:
    user = users.register("Ana", "Ana@Example.com", "correct horse")

    assert user.email == "ana@example.com"
    assert PasswordHandler.verify("correct horse", user.password_hash)
    assert published == [UserCreated(user.id, "Ana")]


def test_register_refuses_an_email_that_is_taken(users: UserService, published: list[UserCreated]) -> None:
    users.register("Ana", "ana@example.com", "correct horse")

    with pytest.raises(ConflictError):
        users.register("Bob", "ANA@example.com", "correct horse")
    assert len(published) == 1
