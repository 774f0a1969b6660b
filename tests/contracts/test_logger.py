"""What any work offered as `logger` keeps: one line a record on stderr, without secrets, whoever logs."""

import asyncio
import contextlib
import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import msgspec
import pytest
import pytest_asyncio

from hookspecs import Part, Trace, Undo, owner, trace
from tools.logger import register_tools
from tools.logger.contract import Logger

CANARY = "canary-7f3a91"
stdlib = logging.getLogger("third.party")


class Work(Logger, Protocol):
    async def on_boot(self) -> None: ...


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Logs:
    """A booted logger, and what it wrote."""

    def __init__(self, logger: Logger, stream: io.StringIO, undo: Undo) -> None:
        self.logger, self.stream, self.undo = logger, stream, undo

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()  # it splits at every character that starts a line somewhere

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


Start = Callable[..., Awaitable[Logs]]


@pytest_asyncio.fixture
async def start(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Boot the work on the given settings and a made stderr; it is undone after the test."""
    undo = Undo()

    async def started(stream: io.StringIO | None = None, **environ: str) -> Logs:
        stream = stream or io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        (tool,) = register_tools()
        work: Any = tool.factory(environ)
        token = owner.set(Part("logger", "tools/logger/__init__.py", undo=undo, kind="tool"))
        await work.on_boot()
        owner.reset(token)
        return Logs(work, stream, undo)

    yield started
    undo.close()


@pytest_asyncio.fixture
async def logs(start: Start) -> Logs:
    return await start(LOG_FORMAT="json")


@pytest_asyncio.fixture(params=["json", "console"])
async def either(start: Start, request: pytest.FixtureRequest) -> Logs:
    """In either format; the console's with colours off, as there is no terminal."""
    return await start(LOG_FORMAT=request.param, LOG_LEVEL="DEBUG")


# ---------------------------------------------------------------- records


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "exception"])
async def test_each_level_writes_one_line_with_its_fields(start: Start, level: str) -> None:
    logs = await start(LOG_FORMAT="json", LOG_LEVEL="DEBUG")

    getattr(logs.logger, level)("user created", user_id=7)

    (record,) = logs.records
    assert record.pop("timestamp").endswith("Z")
    level = "error" if level == "exception" else level
    assert record == {"level": level, "logger": "app", "message": "user created", "user_id": 7}


async def test_what_is_below_the_level_is_not_written(start: Start) -> None:
    logs = await start(LOG_LEVEL="WARNING")

    logs.logger.info("no")
    stdlib.info("no")
    logs.logger.warning("yes")
    stdlib.warning("yes")

    assert [record["message"] for record in logs.records] == ["yes", "yes"]


async def test_the_ids_of_what_runs_are_in_each_record(logs: Logs) -> None:
    token = trace.set(Trace("trace-1", "request-1", "event-1", "parent-1"))

    logs.logger.info("ours")
    stdlib.warning("theirs")
    trace.reset(token)

    for record in logs.records:
        assert (record["trace_id"], record["request_id"], record["event_id"]) == ("trace-1", "request-1", "event-1")


async def test_a_record_outside_a_request_has_no_ids(logs: Logs) -> None:
    logs.logger.info("booting")

    assert not {"trace_id", "request_id", "event_id"} & logs.records[0].keys()


async def test_bound_fields_are_in_the_records_of_the_bound_logger_only(logs: Logs) -> None:
    bound = logs.logger.bind(shop="north").bind(till=3)

    bound.info("sold", till=4)
    logs.logger.info("sold")

    first, second = logs.records
    assert (first["shop"], first["till"]) == ("north", 4)
    assert "shop" not in second


async def test_the_owner_of_the_hook_is_the_name_of_the_logger(logs: Logs) -> None:
    token = owner.set(Part("users.create_user", "create_user.py"))

    logs.logger.info("booted")
    bound = logs.logger.bind()
    owner.reset(token)
    bound.info("later")

    assert [record["logger"] for record in logs.records] == ["users.create_user", "users.create_user"]


@pytest.mark.parametrize(
    "name", ["message", "event", "level", "logger", "timestamp", "exception", "stack", "self", "args"]
)
async def test_a_field_of_any_name_is_kept_and_replaces_nothing_of_ours(logs: Logs, name: str) -> None:
    logs.logger.info("sold", **{name: "mine"})

    (record,) = logs.records
    assert "mine" in (record.get(name), record.get(f"{name}_"))
    assert (record["message"], record["level"], record["logger"]) == ("sold", "info", "app")


async def test_the_traceback_is_in_the_record(logs: Logs) -> None:
    try:
        raise ValueError("no room")
    except ValueError:
        logs.logger.exception("sale failed")
        stdlib.exception("sale failed")

    for record in logs.records:
        assert record["exception"].startswith("Traceback (most recent call last):\n  File ")
        assert record["exception"].endswith("ValueError: no room")


async def test_an_event_loop_error_of_asyncio_is_a_record_too(logs: Logs) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "a task was lost"})

    (record,) = logs.records
    assert (record["logger"], record["message"]) == ("asyncio", "a task was lost")


async def test_a_message_of_the_standard_library_is_formatted_with_its_arguments(logs: Logs) -> None:
    stdlib.warning("%s of %d", "three", 4)

    assert logs.records[0]["message"] == "three of 4"


@pytest.mark.parametrize(
    ("environ", "is_terminal", "is_json"),
    [
        ({}, True, False),
        ({}, False, True),
        ({"ENV": "production"}, True, True),
        ({"LOG_FORMAT": "json"}, True, True),
        ({"LOG_FORMAT": "console", "ENV": "production"}, False, False),
    ],
    ids=["development terminal", "development pipe", "production terminal", "json asked", "console asked"],
)
async def test_the_format_follows_from_settings_and_terminal(
    start: Start, environ: dict[str, str], is_terminal: bool, is_json: bool
) -> None:
    logs = await start(Terminal() if is_terminal else io.StringIO(), **environ)

    logs.logger.info("hello")

    (line,) = logs.lines
    assert line.startswith("{") is is_json


@pytest.mark.parametrize("environ", [{"LOG_LEVEL": "LOUD"}, {"LOG_FORMAT": "xml"}], ids=str)
def test_a_wrong_setting_is_refused_by_name(environ: dict[str, str]) -> None:
    (tool,) = register_tools()

    with pytest.raises(msgspec.ValidationError, match=rf"\$\.{next(iter(environ))}"):
        tool.factory(environ)


async def test_the_undo_leaves_logging_as_it_was(start: Start) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    logs = await start(LOG_LEVEL="DEBUG")

    logs.undo.close()

    assert (root.level, list(root.handlers)) == before


async def test_a_server_that_has_handlers_of_its_own_keeps_them(logs: Logs) -> None:
    server, stream = logging.getLogger("made.uvicorn"), io.StringIO()
    handler = logging.StreamHandler(stream)
    server.addHandler(handler)
    server.propagate = False

    server.error("started")

    assert (stream.getvalue(), logs.lines) == ("started\n", [])


# ---------------------------------------------------------------- never raises


class Hostile:
    def __repr__(self) -> str:
        raise ValueError("no repr")

    __str__ = __repr__


def endless() -> list[Any]:
    inside: list[Any] = []
    inside.append(inside)
    return inside


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Hostile(),
        endless(),
        10**5000,
        float("nan"),
        "\ud800",
        b"\x00\xff",
        {1: {2: Hostile()}},
        {(1, 2): 3},
        1j,
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_field_of_any_value_is_one_line(either: Logs, value: object) -> None:
    either.logger.info("odd", value=value)

    assert len(either.lines) == 1
    assert "odd" in either.lines[0]


async def test_what_is_not_json_is_written_as_its_repr(logs: Logs) -> None:
    logs.logger.info("odd", value={"when": 1j, "how": float("inf"), "what": (1, None, True)})

    assert logs.records[0]["value"] == {"when": "1j", "how": "inf", "what": [1, None, True]}


async def test_a_value_of_any_size_is_bounded(logs: Logs) -> None:
    logs.logger.info("x" * 10_000_000, text="y" * 10_000_000, items=list(range(1_000_000)))

    assert len(logs.lines[0]) < 64 * 1024


async def test_hostile_text_takes_no_time(logs: Logs) -> None:
    text = ("a://b:" * 3_000, "password" * 2_000, "eyJaaaaaa." * 1_600, "bearer " * 2_300, "\\" * 16_000)

    async with asyncio.timeout(2):
        logs.logger.info("slow?", text=text)
        await asyncio.sleep(0)

    assert len(logs.lines) == 1


async def test_arguments_that_do_not_fit_the_message_lose_the_record_and_not_the_secret(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = [handler for handler in logging.getLogger().handlers if getattr(handler, "stream", None) is logs.stream]
    monkeypatch.setattr(logging.getLogger(), "handlers", ours)  # pytest's own raise

    stdlib.warning("%d", f"password={CANARY}")

    (line,) = logs.lines
    assert line.startswith("logger lost a record of 'third.party', test_logger.py:")
    assert CANARY not in line


async def test_a_closed_stderr_is_survived(logs: Logs) -> None:
    logs.stream.close()

    logs.logger.info("nobody reads this")


# ---------------------------------------------------------------- forged lines, colours, secrets

FORGERIES = {
    "line feed": "\n",
    "carriage return": "\r",
    "both": "\r\n",
    "vertical tab": "\v",
    "form feed": "\f",
    "file separator": "\x1c",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "escape": "\x1b[31m",
    "8-bit escape": "\x9b31m",
    "bell": "\x07",
    "nul": "\x00",
    "backspace": "\x08\x08",
    "delete": "\x7f",
    "right to left": "\u202e",
}


@pytest.mark.parametrize("character", FORGERIES.values(), ids=FORGERIES)
async def test_no_character_starts_a_line_or_paints_one(either: Logs, character: str) -> None:
    hostile = f"GET /{character}level=error forged"
    token = trace.set(Trace(request_id=hostile))

    either.logger.info(hostile, path=hostile, headers={hostile: [hostile]}, **{hostile: 1})
    stdlib.warning("%s", hostile)
    logging.getLogger(hostile).warning("odd name")
    trace.reset(token)

    assert len(either.lines) == 3
    assert character not in either.stream.getvalue().replace("\n", "") and "\r" not in either.stream.getvalue()


async def test_the_message_of_an_error_starts_no_line_of_its_own(either: Logs) -> None:
    hostile = "no\n2026-01-01 [error] forged\x1b[31m\r"
    try:
        try:
            raise KeyError(hostile)
        except KeyError as error:
            raise ValueError(hostile) from error
    except ValueError:
        either.logger.exception("failed")

    assert "forged" in either.stream.getvalue()
    assert all(line.startswith("    ") for line in either.lines[1:])
    assert not any(line.strip().startswith("2026-01-01") for line in either.lines)
    assert "\x1b" not in either.stream.getvalue()


async def test_an_error_group_is_logged_whole(either: Logs) -> None:
    try:
        raise ExceptionGroup("several", [ValueError("first"), KeyError("second\nforged")])
    except ExceptionGroup:
        either.logger.exception("failed")

    written = either.stream.getvalue()
    assert "ValueError: first" in written and "KeyError: 'second" in written
    assert not any(line.startswith("forged") for line in either.lines)


class Login(msgspec.Struct):
    email: str
    password: str


JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.{CANARY}"
SECRETS: dict[str, Callable[[Logger], object]] = {
    "password": lambda log: log.info("login", password=CANARY),
    "upper case": lambda log: log.info("login", PASSWORD=CANARY),
    "part of a name": lambda log: log.info("login", old_password_again=CANARY),
    "passwd": lambda log: log.info("login", passwd=CANARY),
    "token": lambda log: log.info("login", access_token=CANARY),
    "secret": lambda log: log.info("login", client_secret=CANARY),
    "api key": lambda log: log.info("login", **{"X-API-Key": CANARY}),
    "authorization": lambda log: log.info("request", Authorization=CANARY),
    "cookie": lambda log: log.info("request", cookie=f"session={CANARY}"),
    "set-cookie": lambda log: log.info("answer", **{"Set-Cookie": [CANARY]}),
    "nested": lambda log: log.info("request", body={"user": [{"password": CANARY}]}),
    "bytes key": lambda log: log.info("request", headers={b"authorization": CANARY.encode()}),
    "header pairs": lambda log: log.info("request", header=f"Authorization: Basic {CANARY}"),
    "struct": lambda log: log.info("login", body=Login("ana@example.com", CANARY)),
    "struct in a list": lambda log: log.info("login", bodies=[Login("ana@example.com", CANARY)]),
    "repr": lambda log: log.info("login", body=ValueError(f"Login(password='{CANARY}')")),
    "bearer in a value": lambda log: log.info("request", header=f"Bearer {CANARY}"),
    "bearer in the message": lambda log: log.info(f"got bearer {CANARY}"),
    "jwt in a value": lambda log: log.info("request", query=f"next=/&t={JWT}"),
    "jwt in the message": lambda log: log.info(JWT),
    "dsn in a value": lambda log: log.info("connected", url=f"postgresql+asyncpg://ana:{CANARY}@db/shop"),
    "dsn with an at": lambda log: log.info("connected", url=f"redis://:p@ss{CANARY}@db/0"),
    "dsn in the message": lambda log: log.error(f"no route to postgres://ana:{CANARY}@db/shop"),
    "assignment in the message": lambda log: log.info(f"login password={CANARY} failed"),
    "json in the message": lambda log: log.info(f'body {{"password": "{CANARY} and more"}}'),
    "cookie header in the message": lambda log: log.info(f"Cookie: theme=dark; session={CANARY}"),
    "bound": lambda log: log.bind(token=CANARY).info("request"),
    "stdlib argument": lambda log: stdlib.warning("login with password=%s", CANARY),
    "stdlib dsn": lambda log: stdlib.error("no route to %s", f"amqp://guest:{CANARY}@mq"),
    "event id": lambda log: log.info("request", event_id=f"Bearer {CANARY}"),
}


@pytest.mark.parametrize("call", SECRETS.values(), ids=SECRETS)
async def test_no_secret_is_written(either: Logs, call: Callable[[Logger], object]) -> None:
    call(either.logger)

    assert len(either.lines) == 1
    assert "[redacted]" in either.lines[0]
    assert CANARY not in either.stream.getvalue()


async def test_no_secret_of_an_error_is_written(either: Logs) -> None:
    with contextlib.suppress(ConnectionError):
        try:
            raise ConnectionError(f"postgres://ana:{CANARY}@db, token={CANARY}, Bearer {CANARY}, {JWT}")
        except ConnectionError:
            either.logger.exception("no database")
            stdlib.exception("no database")
            raise

    assert "ConnectionError" in either.stream.getvalue()
    assert CANARY not in either.stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "user created",
        "https://example.com:8080/a?b=c",
        "ana@example.com",
        "the token expired",
        "3 secrets, 2 cookies",
        "ñ €",
    ],
)
async def test_plain_text_stays_as_it_is(logs: Logs, text: str) -> None:
    logs.logger.info(text, value=text)

    assert (logs.records[0]["message"], logs.records[0]["value"]) == (text, text)
