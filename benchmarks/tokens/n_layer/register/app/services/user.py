from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.events import EventBus
from app.core.exceptions import ConflictError
from app.core.security import PasswordHandler
from app.models import User
from app.repositories.user import UserRepository


@dataclass(frozen=True)
class UserCreated:
    """The event `user.created`."""

    id: int
    name: str


class UserService:
    def __init__(self, session: Session, users: UserRepository, bus: EventBus) -> None:
        self.session = session
        self.users = users
        self.bus = bus

    def register(self, name: str, email: str, password: str) -> User:
        user = User(name=name, email=email.lower(), password_hash=PasswordHandler.hash(password))
        try:
            self.users.add(user)
        except IntegrityError:
            raise ConflictError("a user with this email exists") from None
        self.session.commit()
        self.bus.publish(UserCreated(user.id, user.name))
        return user
