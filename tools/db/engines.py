"""Chooses the engine by the URL; only its own is imported."""

from tools.db.engine import Engine
from tools.db.settings import DbSettings


def engine_for(settings: DbSettings) -> Engine:
    """Make what DATABASE_URL asks for.

    Raises:
        ValueError: the URL is none of a database that there is an engine for.
    """
    if settings.database_url.startswith("postgres"):
        from tools.db.postgres.engine import Postgres

        return Postgres(settings)
    from tools.db.sqlite.engine import Sqlite

    return Sqlite(settings)
