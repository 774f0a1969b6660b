"""The `db` tool: SQL with one writer, several readers, typed errors and migrations."""

from collections.abc import Iterable, Mapping

from hookspecs import Tool, hookimpl
from tools.db.contract import Db
from tools.db.settings import DbSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    def make(environ: Mapping[str, str]) -> Db:
        import msgspec

        from tools.db.sqlite.engine import Sqlite

        return Sqlite(msgspec.convert(environ, DbSettings, strict=False))

    yield Tool("db", Db, DbSettings, make)
