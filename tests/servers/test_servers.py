"""The real app under each ASGI server: it serves, it stops, and it says why it cannot boot."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.server_process import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PORT, WAIT_S = "{port}", 30
SERVERS = {
    "uvicorn": ["uvicorn", "asgi:app", "--port", PORT],
    "hypercorn": ["hypercorn", "asgi:app", "--bind", f"127.0.0.1:{PORT}"],
    "granian": ["granian", "asgi:app", "--interface", "asgi", "--port", PORT],
    "daphne": ["daphne", "asgi:app", "--port", PORT],
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


class Server:
    """A server's process, its address, and what it wrote."""

    def __init__(self, name: str, folder: Path, settings: dict[str, str]) -> None:
        port, self.folder = free_port(), folder
        self.url, self.log = f"http://127.0.0.1:{port}", folder / "log"
        environ = {
            "PATH": str(BIN),
            "HOME": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/app.db",
            "AUTH_SECRET_FILE": str(folder / "secret"),
            "MANIFEST_PATH": "",
            **settings,
        }
        arguments = [part.format(port=port) for part in SERVERS[name]]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, BIN / arguments[0], *arguments[1:]],
                cwd=ROOT,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # granian serves from a child, which has to end with it
            )

    def get(self, path: str) -> httpx.Response:
        """Ask until the server listens."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                return httpx.get(self.url + path, timeout=WAIT_S)
            except httpx.TransportError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise AssertionError(self.text()) from None
                time.sleep(0.05)

    def text(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def serving(name: str, folder: Path, **settings: str) -> Iterator[Server]:
    server = Server(name, folder, settings)
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_serves_the_app(name: str, tmp_path: Path) -> None:
    with serving(name, tmp_path) as server:
        live, document = server.get("/health/live"), server.get("/openapi.json")

    assert (live.status_code, live.json()) == (200, {"status": "live"})
    assert document.json()["openapi"].startswith("3.1")


ERROR = "db (tools/db/__init__.py): setting DB_TIMEOUT_S is of the wrong type: Expected `float`, got `str`"


@pytest.mark.parametrize("name", ["uvicorn", "granian"])
def test_a_boot_that_fails_ends_the_server_with_our_message_and_no_traceback(name: str, tmp_path: Path) -> None:
    with serving(name, tmp_path, DB_TIMEOUT_S="abc") as server:
        code = server.process.wait(WAIT_S)

    assert code != 0
    assert server.text().count(ERROR) == 1
    assert "Traceback" not in server.text()


def test_hypercorn_ends_with_our_message(tmp_path: Path) -> None:
    with serving("hypercorn", tmp_path, DB_TIMEOUT_S="abc") as server:
        server.process.wait(WAIT_S)

    assert server.text().count(ERROR) == 1


def test_daphne_goes_on_and_every_request_is_refused_without_details(tmp_path: Path) -> None:
    with serving("daphne", tmp_path, DB_TIMEOUT_S="abc") as server:
        answers = [server.get("/health/live"), server.get("/openapi.json")]

    assert [one.status_code for one in answers] == [503, 503]
    assert {one.text for one in answers} == {'{"title":"Service Unavailable","status":503}'}
    assert server.text().count(ERROR) == 1
    assert "Traceback" not in server.text()


def test_a_wrong_setting_of_the_kernel_is_named_too(tmp_path: Path) -> None:
    with serving("uvicorn", tmp_path, BOOT_TIMEOUT_S="soon") as server:
        code = server.process.wait(WAIT_S)

    assert code != 0
    assert "setting BOOT_TIMEOUT_S is of the wrong type: Expected `float`, got `str`" in server.text()
    assert "Traceback" not in server.text()


def test_a_port_in_use_ends_the_server(tmp_path: Path) -> None:
    with socket.socket() as taken, pytest.MonkeyPatch.context() as patched:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        patched.setattr(sys.modules[__name__], "free_port", lambda: taken.getsockname()[1])
        with serving("uvicorn", tmp_path) as server:
            code = server.process.wait(WAIT_S)

    assert code != 0
    assert "address already in use" in server.text()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=lambda end: end.name)
@pytest.mark.parametrize("name", SERVERS)
def test_a_signal_ends_the_server_and_what_was_stored_is_kept(name: str, end: signal.Signals, tmp_path: Path) -> None:
    user = {"name": "Ana", "email": "ana@example.com", "password": "correct horse battery"}
    with serving(name, tmp_path) as server:
        server.get("/health/live")
        created = httpx.post(f"{server.url}/users", json=user, timeout=WAIT_S)

        server.process.send_signal(end)
        server.process.wait(WAIT_S)

    assert created.status_code == 201, created.text
    with sqlite3.connect(tmp_path / "app.db") as database:
        assert database.execute("SELECT email FROM users").fetchall() == [(user["email"],)]
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
