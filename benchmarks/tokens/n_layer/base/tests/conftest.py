from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.config import Settings
from app.core.security import Caller, PasswordHandler, TokenHandler
from app.main import create_app
from app.models import User

SECRET_KEY = "a secret key of the tests, long enough"
PASSWORD = "correct horse"


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return create_app(Settings(database_url=f"sqlite:///{tmp_path}/test.db", secret_key=SECRET_KEY))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


@pytest.fixture
def session(app: FastAPI) -> Iterator[Session]:
    with app.state.sessions() as session:
        yield session


@pytest.fixture
def make_user(session: Session) -> Callable[..., User]:
    def make(email: str = "ana@example.com", role: str = "user") -> User:
        user = User(name="Ana", email=email, password_hash=PasswordHandler.hash(PASSWORD), role=role)
        session.add(user)
        session.commit()
        return user

    return make


@pytest.fixture
def tokens() -> TokenHandler:
    return TokenHandler(SECRET_KEY)


@pytest.fixture
def headers_of(tokens: TokenHandler) -> Callable[[User], dict[str, str]]:
    return lambda user: {"Authorization": f"Bearer {tokens.encode(Caller(user.id, user.role))}"}
