from dataclasses import dataclass

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from app.adapters.argon2_passwords import Argon2Passwords
from app.adapters.event_bus import EventBus
from app.adapters.jwt_tokens import JwtTokens
from app.adapters.persistence.migrations import migrate
from app.adapters.persistence.orm import start_mappers
from app.adapters.persistence.unit_of_work import SqlUnitOfWork
from app.application.list_notifications import ListNotifications
from app.application.login import Login
from app.application.ports.persistence import StartUnitOfWork
from app.application.ports.security import PasswordHasher, Tokens
from app.application.register_user import RegisterUser
from app.application.send_welcome import SendWelcome
from app.config import Settings
from app.domain.events import UserCreated


@dataclass(frozen=True)
class Application:
    """The use cases, each with its adapters; and what reads tokens."""

    tokens: Tokens
    list_notifications: ListNotifications
    login: Login
    register_user: RegisterUser


def wire(start: StartUnitOfWork, passwords: PasswordHasher, tokens: Tokens, bus: EventBus) -> Application:
    bus.subscribe(UserCreated, SendWelcome(start))
    return Application(
        tokens=tokens,
        list_notifications=ListNotifications(start),
        login=Login(start, passwords, tokens),
        register_user=RegisterUser(start, passwords, bus),
    )


def bootstrap(settings: Settings) -> Application:
    engine = create_engine(settings.database_url)
    migrate(engine)
    start_mappers()
    sessions = sessionmaker(engine)
    return wire(lambda: SqlUnitOfWork(sessions), Argon2Passwords(), JwtTokens(settings.secret_key), EventBus())
