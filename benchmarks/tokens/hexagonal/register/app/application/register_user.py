from app.application.ports.events import EventPublisher
from app.application.ports.persistence import StartUnitOfWork
from app.application.ports.security import PasswordHasher
from app.domain.events import UserCreated
from app.domain.user import User


class RegisterUser:
    def __init__(self, start: StartUnitOfWork, passwords: PasswordHasher, events: EventPublisher) -> None:
        self._start = start
        self._passwords = passwords
        self._events = events

    def __call__(self, name: str, email: str, password: str) -> User:
        user = User(name, email.lower(), self._passwords.hash(password))
        with self._start() as work:
            work.users.add(user)
            work.commit()
        self._events.publish(UserCreated(user.id, user.name))
        return user
