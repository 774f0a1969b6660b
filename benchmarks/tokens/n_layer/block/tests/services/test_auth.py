from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.core.exceptions import ForbiddenError, UnauthorizedError
from app.core.security import TokenHandler
from app.models import User
from app.repositories.user import UserRepository
from app.services.auth import AuthService


@pytest.fixture
def auth(session: Session, tokens: TokenHandler) -> AuthService:
    return AuthService(UserRepository(session), tokens)


def test_login_gives_a_token_of_the_user(
    auth: AuthService, tokens: TokenHandler, make_user: Callable[..., User]
) -> None:
    user = make_user("ana@example.com")

    token = auth.login("Ana@example.com", "correct horse")

    assert tokens.decode(token).id == user.id


@pytest.mark.parametrize("email", ["ana@example.com", "nobody@example.com"])
def test_login_refuses_a_wrong_password(auth: AuthService, make_user: Callable[..., User], email: str) -> None:
    make_user("ana@example.com")

    with pytest.raises(UnauthorizedError):
        auth.login(email, "wrong horse")


def test_login_refuses_a_blocked_user(auth: AuthService, make_user: Callable[..., User]) -> None:
    make_user("ana@example.com").is_blocked = True

    with pytest.raises(ForbiddenError):
        auth.login("ana@example.com", "correct horse")
    with pytest.raises(UnauthorizedError):
        auth.login("ana@example.com", "wrong horse")
