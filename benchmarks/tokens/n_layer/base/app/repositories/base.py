from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from app.core.database import Base

Model = TypeVar("Model", bound=Base)


class BaseRepository(Generic[Model]):
    model: type[Model]

    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, id: int) -> Model | None:
        return self.session.get(self.model, id)

    def add(self, row: Model) -> Model:
        """Add a row, and send it to the database: IntegrityError where it breaks a constraint."""
        self.session.add(row)
        self.session.flush()
        return row
