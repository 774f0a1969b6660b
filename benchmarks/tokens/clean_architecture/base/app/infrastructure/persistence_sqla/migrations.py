from pathlib import Path

from sqlalchemy import Engine, text

MIGRATIONS = Path(__file__).parents[3] / "migrations"


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
