from collections.abc import Sequence
from types import TracebackType
from typing import Self

from app.application.ports.security import Caller
from app.domain.errors import InvalidTokenError
from app.domain.notification import Notification
from app.domain.user import User


class FakeUserRepository:
    def __init__(self, users: Sequence[User] = ()) -> None:
        self.rows = list(users)
        for id, user in enumerate(self.rows, 1):
            user.id = id

    def get_by_email(self, email: str) -> User | None:
        return next((user for user in self.rows if user.email == email), None)


class FakeNotificationRepository:
    def __init__(self, notifications: Sequence[Notification] = ()) -> None:
        self.rows = list(notifications)

    def list_of_user(self, user_id: int) -> Sequence[Notification]:
        return [one for one in self.rows if one.user_id == user_id]


class FakeUnitOfWork:
    def __init__(self, users: Sequence[User] = (), notifications: Sequence[Notification] = ()) -> None:
        self.users = FakeUserRepository(users)
        self.notifications = FakeNotificationRepository(notifications)
        self.is_committed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def commit(self) -> None:
        self.is_committed = True


class FakePasswords:
    def hash(self, password: str) -> str:
        return f"hash of {password}"

    def verify(self, password: str, hashed: str | None) -> bool:
        return hashed == self.hash(password)


class FakeTokens:
    def issue(self, caller: Caller) -> str:
        return f"{caller.id} {caller.role}"

    def read(self, token: str) -> Caller:
        id, _, role = token.partition(" ")
        if not role:
            raise InvalidTokenError
        return Caller(int(id), role)
