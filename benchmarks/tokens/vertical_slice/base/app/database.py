from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def migrate(engine: Engine) -> None:
    """Apply the migrations that are new, in the order of their names."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)"))
        applied = set(connection.scalars(text("SELECT name FROM migrations")))
        for file in sorted(MIGRATIONS.glob("*.sql")):
            if file.name not in applied:
                for statement in file.read_text().split(";"):
                    connection.execute(text(statement))
                connection.execute(text("INSERT INTO migrations VALUES (:name)"), {"name": file.name})


def get_session(request: Request) -> Iterator[Session]:
    sessions: sessionmaker[Session] = request.app.state.sessions
    with sessions() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
