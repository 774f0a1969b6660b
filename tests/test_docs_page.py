"""/docs in a real browser without a network: every operation is there, with its schemas and the bearer token's door."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=15000", "--dump-dom"),
]
NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="needs chromium: .ci/run installs it"),
]


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/app.db",
        "AUTH_SECRET_FILE": f"{folder}/secret",
        "MANIFEST_PATH": "",
    }
    command = [sys.executable, "-m", "uvicorn", "asgi:app", "--port", str(port), "--log-level", "warning"]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings})
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health/live"):
                break
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("served")) as url:
        yield url


def dom(page: str, profile: Path) -> str:
    assert CHROMIUM, "CI must have chromium: .ci/run installs it"
    command = [CHROMIUM, *FLAGS, NO_NETWORK, f"--user-data-dir={profile}", page]
    return subprocess.run(command, capture_output=True, text=True, timeout=55, check=True).stdout


def test_every_operation_is_on_the_page_without_a_network(url: str, tmp_path: Path) -> None:
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        document = msgspec.json.decode(answer.read())
    operations = {one["operationId"] for path in document["paths"].values() for one in path.values()}
    operations |= {f"post{name.replace('.', '_')}" for name in document["webhooks"]}  # which have no id of their own

    text = dom(f"{url}/docs", tmp_path)

    shown = {name.replace("\\", "") for name in re.findall(r'id="operations-(?!tag-)[A-Za-z]+-([^"]+)"', text)}
    assert shown == operations
    assert "Authorize" in text
    titles = {one.get("title", name) for name, one in document["components"]["schemas"].items()}
    assert titles <= set(re.findall(r">([A-Za-z_\[\]]+)<", text))


def test_an_opened_operation_shows_its_body_and_its_button(url: str, tmp_path: Path) -> None:
    text = dom(f"{url}/docs#/Users/users.create_user", tmp_path)

    assert "Execute" in text
    assert "ana@example.com" in text
