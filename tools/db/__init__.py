"""The `db` tool: SQL with one writer, several readers, typed errors and migrations."""

from collections.abc import Iterable, Mapping

from hookspecs import Tool, hookimpl
from tools.db.contract import Db
from tools.db.settings import DbSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    def make(environ: Mapping[str, str]) -> Db:
        import msgspec

        from tools.db.database import Database
        from tools.db.sqlite.engine import Sqlite

        settings = msgspec.convert(environ, DbSettings, strict=False)
        return Database(Sqlite(settings), settings)

    yield Tool("db", Db, DbSettings, make)
