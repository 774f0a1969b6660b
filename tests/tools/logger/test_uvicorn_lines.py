"""uvicorn's lines beside the logger's: one format, no query strings, and what its options ask for."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from uvicorn.config import LOGGING_CONFIG

from hookspecs import Part, Undo, owner
from tools.logger.settings import LoggerSettings
from tools.logger.structlog_logger import StructlogLogger
from tools.logger.uvicorn_lines import NAMES

State = list[tuple[list[logging.Handler], list[Any], bool, int]]


def state() -> State:
    logs = map(logging.getLogger, NAMES)
    return [(list(log.handlers), list(log.filters), log.propagate, log.level) for log in logs]


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """uvicorn sets its loggers up for the whole process; the client's own lines are not looked at."""
    before = state()
    monkeypatch.setattr(logging.getLogger("httpx"), "propagate", False)
    yield
    for log, (handlers, filters, propagate, level) in zip(map(logging.getLogger, NAMES), before, strict=True):
        log.handlers, log.filters, log.propagate = handlers, filters, propagate
        log.setLevel(level)


@pytest.fixture
def output() -> io.StringIO:
    """What goes to stdout and stderr, from handlers made in `printing_to`."""
    return io.StringIO()


@contextmanager
def printing_to(output: io.StringIO) -> Iterator[None]:
    with redirect_stdout(output), redirect_stderr(output):
        yield


@asynccontextmanager
async def booted(output: io.StringIO) -> AsyncIterator[None]:
    undo = Undo()
    token = owner.set(Part("logger", "tools/logger/__init__.py", undo=undo, kind="tool"))
    with printing_to(output):
        await StructlogLogger(LoggerSettings(log_format="json")).on_boot()
    owner.reset(token)
    with undo:
        yield


async def hello(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


async def serve_one(config: uvicorn.Config, path: str) -> None:
    """Answer one request to `path` on a real port."""
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient() as client:
            await client.get(f"http://127.0.0.1:{port}{path}")
        server.should_exit = True
        await serving


def configured(output: io.StringIO, **options: Any) -> uvicorn.Config:
    with printing_to(output):
        return uvicorn.Config(hello, port=0, lifespan="off", **options)


async def test_the_lines_of_uvicorn_are_formatted_once_and_without_the_query(output: io.StringIO) -> None:
    config = configured(output)

    async with booted(output):
        await serve_one(config, "/files/a%3Fb?ticket=canary-7f3a91&x=1")

    records = [json.loads(line) for line in output.getvalue().splitlines()]
    (access,) = [record["message"] for record in records if record["logger"] == "uvicorn.access"]
    assert access.endswith('- "GET /files/a%3Fb HTTP/1.1" 200')
    assert "canary" not in output.getvalue()
    assert sum("Started server process" in record["message"] for record in records) == 1


async def test_the_path_of_a_websocket_loses_its_query(output: io.StringIO) -> None:
    configured(output)

    async with booted(output):
        logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', "127.0.0.1:5", "/chat?ticket=canary")

    assert json.loads(output.getvalue())["message"] == '127.0.0.1:5 - "WebSocket /chat" [accepted]'


async def test_a_message_of_uvicorn_with_a_question_mark_stays_whole(output: io.StringIO) -> None:
    configured(output)

    async with booted(output):
        logging.getLogger("uvicorn.error").error("%s", "is the port taken? use another")
        logging.getLogger("uvicorn.error").error(ValueError("no text"))

    messages = [json.loads(line)["message"] for line in output.getvalue().splitlines()]
    assert messages == ["is the port taken? use another", "no text"]


async def test_the_level_that_uvicorn_was_given_is_kept(output: io.StringIO) -> None:
    config = configured(output, log_level="warning")

    async with booted(output):
        await serve_one(config, "/")
        logging.getLogger("uvicorn.error").warning("yes")

    assert [json.loads(line)["message"] for line in output.getvalue().splitlines()] == ["yes"]


async def test_without_an_access_log_there_is_none(output: io.StringIO) -> None:
    config = configured(output, access_log=False)

    async with booted(output):
        await serve_one(config, "/")

    assert "Started server process" in output.getvalue()
    assert "uvicorn.access" not in output.getvalue()


async def test_a_file_that_uvicorn_logs_to_gets_its_lines_too_without_the_query(
    output: io.StringIO, tmp_path: Path
) -> None:
    file = {"formatter": "access", "class": "logging.FileHandler", "filename": str(tmp_path / "access.log")}
    access = {**LOGGING_CONFIG["loggers"]["uvicorn.access"], "handlers": ["access", "file"]}
    config = {
        **LOGGING_CONFIG,
        "handlers": {**LOGGING_CONFIG["handlers"], "file": file},
        "loggers": {**LOGGING_CONFIG["loggers"], "uvicorn.access": access},
    }

    served = configured(output, log_config=config)

    async with booted(output):
        await serve_one(served, "/?ticket=canary")

    assert '"GET / HTTP/1.1" 200' in (tmp_path / "access.log").read_text()
    assert '\\"GET / HTTP/1.1\\" 200' in output.getvalue()
    for one in logging.getLogger("uvicorn.access").handlers:
        one.close()


async def test_the_undo_gives_uvicorn_its_own_lines_back(output: io.StringIO) -> None:
    configured(output)
    before = state()

    async with booted(output):
        during = state()

    assert state() == before != during


async def test_the_loggers_of_other_servers_are_left_alone(output: io.StringIO) -> None:
    other, stream = logging.getLogger("hypercorn.access"), io.StringIO()
    other.addHandler(handler := logging.StreamHandler(stream))
    other.propagate = False

    async with booted(output):
        other.error("GET /?x=1")
    other.removeHandler(handler)

    assert (stream.getvalue(), output.getvalue()) == ("GET /?x=1\n", "")
