from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session, sessionmaker

from app.core.events import EventBus
from app.core.exceptions import ForbiddenError, UnauthorizedError
from app.core.security import Caller, TokenHandler
from app.repositories.notification import NotificationRepository
from app.repositories.user import UserRepository
from app.services.auth import AuthService
from app.services.notification import NotificationService
from app.services.user import UserService


def get_session(request: Request) -> Iterator[Session]:
    sessions: sessionmaker[Session] = request.app.state.sessions
    with sessions() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def get_tokens(request: Request) -> TokenHandler:
    return TokenHandler(request.app.state.settings.secret_key)


TokensDep = Annotated[TokenHandler, Depends(get_tokens)]


def get_auth_service(session: SessionDep, tokens: TokensDep) -> AuthService:
    return AuthService(UserRepository(session), tokens)


AuthServiceDep = Annotated[AuthService, Depends(get_auth_service)]


def get_notification_service(session: SessionDep) -> NotificationService:
    return NotificationService(NotificationRepository(session))


NotificationServiceDep = Annotated[NotificationService, Depends(get_notification_service)]


def get_bus(request: Request) -> EventBus:
    bus: EventBus = request.app.state.bus
    return bus


def get_user_service(session: SessionDep, bus: Annotated[EventBus, Depends(get_bus)]) -> UserService:
    return UserService(session, UserRepository(session), bus)


UserServiceDep = Annotated[UserService, Depends(get_user_service)]

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def get_caller(bearer: Bearer, tokens: TokensDep) -> Caller:
    if bearer is None:
        raise UnauthorizedError("the token is missing")
    return tokens.decode(bearer.credentials)


CallerDep = Annotated[Caller, Depends(get_caller)]


def get_admin(caller: CallerDep) -> Caller:
    if caller.role != "admin":
        raise ForbiddenError("only an administrator may do this")
    return caller


AdminDep = Annotated[Caller, Depends(get_admin)]
