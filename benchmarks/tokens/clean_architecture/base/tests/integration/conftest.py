from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.core.common.entities.types_ import UserRole
from app.core.common.entities.user import User
from app.core.common.value_objects.raw_password import RawPassword
from app.infrastructure.adapters.argon2_password_hasher import Argon2PasswordHasher
from app.infrastructure.auth_ctx.jwt_processor import JwtProcessor
from app.main.config import Settings
from app.main.run import create_app
from tests.factories import create_user


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
def store_user(session: Session) -> Callable[..., User]:
    """Store a user whose password is `correct horse`."""

    def store(email: str = "ana@example.com", role: UserRole = UserRole.USER) -> User:
        password_hash = Argon2PasswordHasher().hash(RawPassword("correct horse"))
        user = create_user(email=email, password_hash=password_hash, role=role, id_=None)
        session.add(user)
        session.commit()
        return user

    return store


@pytest.fixture
def headers_of(settings: Settings) -> Callable[[User], dict[str, str]]:
    return lambda user: {"Authorization": f"Bearer {JwtProcessor(settings.secret_key).encode(user.id_)}"}
