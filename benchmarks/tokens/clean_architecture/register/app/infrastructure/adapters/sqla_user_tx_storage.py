from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.commands.exceptions import EmailAlreadyExistsError
from app.core.commands.ports.user_tx_storage import UserTxStorage
from app.core.common.entities.types_ import UserId
from app.core.common.entities.user import User
from app.core.common.value_objects.email import Email
from app.infrastructure.persistence_sqla.mappings.user import users_table


class SqlaUserTxStorage(UserTxStorage):
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, user: User) -> None:
        self._session.add(user)
        try:
            self._session.flush()
        except IntegrityError as error:
            raise EmailAlreadyExistsError from error

    def get_by_id(self, user_id: UserId) -> User | None:
        return self._session.get(User, user_id)

    def get_by_email(self, email: Email) -> User | None:
        return self._session.scalar(select(User).where(users_table.c.email == email.value))
