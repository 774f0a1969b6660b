"""Every operation keeps to the OpenAPI document, as schemathesis sees it: all checks, all phases, on real servers."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import schemathesis.engine
import uvicorn

import manifest
from tests.server_process import free_port
from tests.tools.http.every_binding import every_binding

ROOT = Path(__file__).parents[2]
WAIT_S = 30
PASSWORD = "correct horse"
ADMIN_ID = 2**62  # far from what is generated; where GET /users/me tells it, DELETE refuses the last administrator
# what schemathesis demands and we do not want: part of its text, or of our answer -> why
DELIBERATE = {
    "Expected `int`, got `float`": "JSON Schema takes 1.0 for an integer; here an integer has one spelling",
    "Non-unique items": "a set is what a list is without what it says twice, which is no error",
    "price: Incorrect type": "a decimal may come as a number too: more is taken than is promised",
    "Invalid HTTP request received": "the server's own word for a request line that is beyond all measure",
    "the URL is larger than": "414 is a refusal too, though the check does not list it: of a text that is too long",
    "no next_cursor of this list": "a cursor is what a page gave; JSON Schema cannot say which texts those are",
    "Expected an `int` of 64 bits": "`{}` cannot say of everything inside that its integers have 64 bits",
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default"),  # of schemathesis, and of what it brings
]


def wait_for(url: str) -> None:
    end = time.monotonic() + WAIT_S
    while True:
        try:
            assert httpx.get(f"{url}/openapi.json", timeout=WAIT_S).status_code == 200
            return
        except httpx.TransportError:
            assert time.monotonic() < end, f"{url} does not answer"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the shipped app by uvicorn, with an administrator and twenty users in it."""
    folder, port = tmp_path_factory.mktemp("schemathesis"), free_port()
    url, database = f"http://127.0.0.1:{port}", folder / "app.db"
    most = {f"LOGIN_ATTEMPTS_PER_{of}": "1000000" for of in ("ACCOUNT", "ADDRESS")}
    with manifest.scratch() as scratch:
        settings = {**scratch, **most, "DATABASE_URL": f"sqlite:///{database}", "AUTH_ACCESS_TTL_S": "3600"}
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "asgi:app", "--port", str(port), "--no-access-log"],
            cwd=ROOT, env={"PATH": os.environ["PATH"], "HOME": str(folder), **settings}, start_new_session=True,
        )  # fmt: skip
        try:
            wait_for(url)
            sign_up(url, database)
            yield url
            assert process.poll() is None, "the server ended"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def sign_up(url: str, database: Path) -> None:
    for number in range(21):
        new = {"name": "Ana", "email": f"{number}@example.com", "password": PASSWORD}
        assert httpx.post(f"{url}/users", json=new, timeout=WAIT_S).status_code == 201
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE users SET id = ?, role = 'admin' WHERE email = '0@example.com'", (ADMIN_ID,))


def token(url: str) -> str:
    answer = httpx.post(f"{url}/auth/login", json={"email": "0@example.com", "password": PASSWORD}, timeout=WAIT_S)
    return str(answer.json()["access_token"])


@pytest.fixture
def made_up() -> Iterator[str]:
    """Serve the made-up app by uvicorn in a thread."""
    port = free_port()
    config = uvicorn.Config(lambda: None, port=port, log_level="critical", lifespan="off", interface="asgi3")
    server = uvicorn.Server(config)

    async def serve() -> None:
        served = await every_binding()
        await served.client.aclose()
        config.app = served.app
        await server.serve()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(WAIT_S)


def strict(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out `default`, which allows every status: what is then answered has to be declared."""
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        del operation["responses"]["default"]
    return document


def run(url: str, token: str, examples: int) -> tuple[Counter[int], list[str]]:
    """Run every check in every phase; answer with how often each status came, and with what is not as it should be."""
    options: dict[str, Any] = {
        "seed": 1,
        "base-url": url,
        "headers": {"Authorization": f"Bearer {token}"} if token else {},
        "workers": 1,  # in Python 3.11 `ast.parse`, which hypothesis uses, fails in two threads at once (gh-106905)
        "continue-on-failure": True,
        # a cookie or a header that nobody asked for is no error (RFC 6265 section 5, RFC 9110 section 5.1)
        "generation": {
            "max-examples": examples,
            "no-shrink": True,
            "database": "none",
            "allow-extra-parameters": False,
        },
    }
    document, config = strict(httpx.get(f"{url}/openapi.json").json()), schemathesis.Config.from_dict(options)
    statuses, failures = Counter[int](), list[str]()
    for event in schemathesis.engine.from_schema(schemathesis.openapi.from_dict(document, config=config)).execute():
        if getattr(event, "value", None) or getattr(event, "exception", None):
            failures.append(repr(event))
        recorder = getattr(event, "recorder", None)
        if recorder is not None:
            statuses.update(one.response.status_code for one in recorder.interactions.values() if one.response)
            failures += failed(recorder)
    return statuses, failures


def failed(recorder: Any) -> Iterator[str]:
    """List the checks that failed, each with the request and the answer; but for those that we want to fail."""
    for id, checks in recorder.checks.items():
        response = recorder.interactions[id].response
        answer = response.content[:500].decode(errors="replace") if response else ""
        for check in (check for check in checks if check.failure_info):
            text = f"{check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}\n{answer}"
            if not any(known in text for known in DELIBERATE):
                yield text


@pytest.mark.parametrize(("who", "examples"), [("administrator", 300), ("nobody", 20)])
def test_every_operation_of_the_shipped_app_keeps_to_the_document(shipped: str, who: str, examples: int) -> None:
    statuses, failures = run(shipped, token(shipped) if who == "administrator" else "", examples)

    assert not failures, "\n\n".join(failures[:5])
    assert {200, 201, 401, 403, 404, 405, 422} - statuses.keys() <= ({403, 404, 200, 201} if who == "nobody" else set())
    assert statuses.total() > 500
    assert max(statuses) < 500


def test_every_binding_keeps_to_the_document(made_up: str) -> None:
    statuses, failures = run(made_up, "good", 20)

    assert not failures, "\n\n".join(failures[:5])
    assert statuses.keys() >= {200, 201, 202, 204, 303, 307, 401, 404, 405, 409, 415, 422}
    assert max(statuses) < 500
