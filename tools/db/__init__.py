"""The `db` tool: SQL on SQLite or PostgreSQL, typed errors, migrations."""

from collections.abc import Iterable, Mapping

from hookspecs import Tool, hookimpl
from tools.db.contract import Db
from tools.db.settings import DbSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    def make(environ: Mapping[str, str]) -> Db:
        import msgspec

        from tools.db.database import Database
        from tools.db.engines import engine_for

        settings = msgspec.convert(environ, DbSettings, strict=False)
        return Database(engine_for(settings), settings)

    yield Tool("db", Db, DbSettings, make)
