"""An app of `benchmarks/tokens` behind a Unix socket, as its users see it: all that is common to the five is HTTP."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks.tokens.schools import SCHOOLS, Stage, compose

PASSWORD = "correct horse"


class Served(NamedTuple):
    """A running app and its database."""

    client: httpx.Client
    database: Path

    def register(self, email: str, name: str = "Ana") -> httpx.Response:
        """Register a user."""
        return self.client.post("/users", json={"name": name, "email": email, "password": PASSWORD})

    def log_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        """Log in."""
        return self.client.post("/auth/login", json={"email": email, "password": password})

    def headers_of(self, email: str) -> dict[str, str]:
        """Log in, and give the headers of the session."""
        return {"Authorization": f"Bearer {self.log_in(email).json()['access_token']}"}

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement behind the app's back; the tables are the same in all."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(sql, values).fetchall()


@contextmanager
def serving(school: str, stage: Stage, database: Path) -> Iterator[Served]:
    """Serve an app at a stage with uvicorn, on a database that may be there."""
    folder = Path(tempfile.mkdtemp())  # the path of a socket is short
    compose(school, stage, folder / "app")
    path, app = str(folder / "socket"), SCHOOLS[school]
    arguments = [app.app, "--uds", path, "--log-level", "warning", *(["--factory"] if app.is_factory else [])]
    secret = "a secret of 32 characters or more, and of no use elsewhere"
    environ = {**os.environ, "DATABASE_URL": f"sqlite:///{database}", "SECRET_KEY": secret, "AUTH_SECRET": secret}
    process = subprocess.Popen([sys.executable, "-m", "uvicorn", *arguments], cwd=folder / "app", env=environ)
    try:
        _wait_until_served(path, process)
        transport = httpx.HTTPTransport(uds=path)
        with httpx.Client(transport=transport, base_url="http://localhost", timeout=20) as client:
            yield Served(client, database)
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(folder)


def _wait_until_served(path: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(path) == 0:
                return
        if process.poll() is not None:
            raise RuntimeError(f"uvicorn ended with {process.returncode} before it served")
        time.sleep(0.05)
    raise TimeoutError("uvicorn has not served within 40 s")
