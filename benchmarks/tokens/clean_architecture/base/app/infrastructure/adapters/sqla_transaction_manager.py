from sqlalchemy.orm import Session

from app.core.commands.ports.transaction_manager import TransactionManager


class SqlaTransactionManager(TransactionManager):
    def __init__(self, session: Session) -> None:
        self._session = session

    def commit(self) -> None:
        self._session.commit()
