from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from app.domain.notification import Notification
from app.domain.user import User


class UserRepository(Protocol):
    def add(self, user: User) -> None:
        """Add a user, who has an id then; EmailTakenError where another has the email."""
        ...

    def get_by_email(self, email: str) -> User | None: ...


class NotificationRepository(Protocol):
    def add(self, notification: Notification) -> None: ...

    def list_of_user(self, user_id: int) -> Sequence[Notification]: ...


class UnitOfWork(Protocol):
    """What is done within it is kept by `commit`, and else is not."""

    @property
    def users(self) -> UserRepository: ...

    @property
    def notifications(self) -> NotificationRepository: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def commit(self) -> None: ...


StartUnitOfWork = Callable[[], UnitOfWork]
