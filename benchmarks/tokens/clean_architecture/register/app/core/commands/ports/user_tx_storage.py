from abc import abstractmethod
from typing import Protocol

from app.core.common.entities.types_ import UserId
from app.core.common.entities.user import User
from app.core.common.value_objects.email import Email


class UserTxStorage(Protocol):
    @abstractmethod
    def add(self, user: User) -> None:
        """Add a user, who has an id then.

        :raises EmailAlreadyExistsError: another has the email.
        """

    @abstractmethod
    def get_by_id(self, user_id: UserId) -> User | None: ...

    @abstractmethod
    def get_by_email(self, email: Email) -> User | None: ...
