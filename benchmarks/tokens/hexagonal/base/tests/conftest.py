from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.adapters.argon2_passwords import Argon2Passwords
from app.application.ports.security import Caller
from app.config import Settings
from app.domain.user import User
from app.main import create_app

PASSWORD = "correct horse"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path}/test.db", secret_key="a secret key of the tests, long enough")


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


@pytest.fixture
def session(app: FastAPI, settings: Settings) -> Iterator[Session]:
    with Session(create_engine(settings.database_url)) as session:
        yield session


@pytest.fixture
def make_user(session: Session) -> Callable[..., User]:
    def make(email: str = "ana@example.com", role: str = "user") -> User:
        user = User("Ana", email, Argon2Passwords().hash(PASSWORD), role)
        session.add(user)
        session.commit()
        return user

    return make


@pytest.fixture
def headers_of(app: FastAPI) -> Callable[[User], dict[str, str]]:
    return lambda user: {"Authorization": f"Bearer {app.state.application.tokens.issue(Caller(user.id, user.role))}"}
