from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.config import Settings
from app.main import create_app
from app.models import User
from app.security import hash_password, issue_token

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
        user = User(name="Ana", email=email, password_hash=hash_password(PASSWORD), role=role)
        session.add(user)
        session.commit()
        return user

    return make


@pytest.fixture
def headers_of() -> Callable[[User], dict[str, str]]:
    return lambda user: {"Authorization": f"Bearer {issue_token(user.id, user.role, SECRET_KEY)}"}
