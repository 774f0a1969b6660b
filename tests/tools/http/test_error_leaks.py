"""Whatever fails inside, and wherever: a client learns that something failed, and the id under which the log has it."""

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import Struct, json
from starlette.responses import Response

from hookspecs import Refusal
from tests.contracts.http_served import Served, serve, typed

SECRET = "canary-7f3a"  # in every error's text
PATH = f"/srv/{SECRET}/app.py"
ALLOWED = {"type", "title", "status", "detail", "instance", "errors"}


class User(Struct):
    id: int


class Ends(BaseException):
    pass


def by_cause(text: str) -> Exception:
    try:
        raise ValueError(text)
    except ValueError as error:
        outer = RuntimeError(text)
        outer.__cause__ = error
        return outer


ERRORS: dict[str, Callable[[], BaseException]] = {
    "a bug": lambda: KeyError(SECRET),
    "a file": lambda: FileNotFoundError(2, "No such file", PATH),
    "sql": lambda: RuntimeError(f"SELECT password FROM users WHERE name = '{SECRET}'"),
    "a cause": lambda: by_cause(SECRET),
    "a group": lambda: ExceptionGroup(SECRET, [ValueError(SECRET)]),
    "an assertion": lambda: AssertionError(SECRET),
    "depth": lambda: RecursionError(SECRET),
    "memory": lambda: MemoryError(SECRET),
    "time": lambda: TimeoutError(SECRET),
    "unicode": lambda: UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET),
    "an end": lambda: SystemExit(SECRET),
    "stop": lambda: StopAsyncIteration(SECRET),
    "its own": lambda: Ends(SECRET),
    "no text": lambda: UnprintableError(),
}


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError(SECRET)


async def answered(http: Served, path: str, *messages: dict[str, Any], **scope: Any) -> tuple[int, bytes]:
    """Ask, and check that what comes back is a problem that says nothing."""
    status, headers, body = await http.raw(scope.pop("method", "GET"), path, *messages, **scope)
    problem = json.decode(body)
    assert headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "instance"} <= problem.keys() <= ALLOWED
    assert problem["status"] == status
    assert problem["instance"] == f"urn:request:{headers['x-request-id']}"
    everything = body + repr(headers).encode()
    for word in (SECRET, "Traceback", "Error", "Exception", ".py", "SELECT", "msgspec", "starlette", "ython"):
        assert word.encode() not in everything.replace(b"Internal Server Error", b""), word
    assert "server" not in headers
    return status, body


@pytest.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    yield served
    await served.client.aclose()


def raising(make: Callable[[], BaseException]) -> dict[str, Any]:
    """Make a handler for each place where code of a plugin runs."""

    async def handler() -> int:
        raise make()

    def in_a_thread() -> int:
        raise make()

    async def guard(context: object) -> str:
        raise make()

    class Starts(Response):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            raise make()

    async def response() -> Response:
        return Starts()

    return {"handler": handler, "thread": in_a_thread, "guard": guard, "response": response}


@pytest.mark.parametrize("where", ["handler", "thread", "guard", "response"])
@pytest.mark.parametrize("error", ERRORS)
async def test_an_error_in_the_code_of_a_plugin_says_nothing(
    http: Served, where: str, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    code = raising(ERRORS[error])
    options = {"guard": code["guard"]} if where == "guard" else {}
    http.add("/x", "GET", code["handler" if where == "guard" else where], **options)

    status, body = await answered(http, "/x")

    assert status == 500
    assert set(json.decode(body)) == {"type", "title", "status", "instance"}
    assert [one for one in caplog.records if one.levelno >= logging.ERROR], "the log knows"


ANSWERS: dict[str, Any] = {
    "another type": lambda: {"id": SECRET},
    "not to be encoded": lambda: User(cast(int, object())),
    "a lone surrogate": lambda: User(cast(int, f"{SECRET}\ud800")),
    "an endless one": lambda: endless(),
}


def endless() -> Any:
    value: list[Any] = [SECRET]
    value.append(value)
    return value


@pytest.mark.parametrize("declared", [User, Any, list[User]], ids=["struct", "anything", "list"])
@pytest.mark.parametrize("answer", ANSWERS)
async def test_an_answer_that_cannot_be_encoded_says_nothing(http: Served, answer: str, declared: Any) -> None:
    async def handler() -> None:
        return ANSWERS[answer]()  # type: ignore[no-any-return]

    http.add("/x", "GET", typed(handler, **{"return": declared}))

    if declared is Any and answer == "another type":
        assert (await http.get("/x")).status_code == 200
    else:
        assert (await answered(http, "/x"))[0] == 500


@pytest.mark.parametrize(
    ("error", "status"),
    [(Refusal(503, "too much is under way: try again", retry_after_s=1), 503), (RuntimeError(SECRET), 500)],
    ids=["full", "broken"],
)
async def test_a_pool_that_takes_nothing_says_nothing(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoPool:
        async def run(self, *args: Any) -> Any:
            raise error

    monkeypatch.setattr("tests.contracts.http_served.Pool", NoPool)
    served = await serve("tools.http", {})
    served.add("/x", "GET", lambda: 1)

    assert (await answered(served, "/x"))[0] == status
    await served.client.aclose()


async def test_a_server_that_breaks_while_a_body_arrives_says_nothing(http: Served) -> None:
    async def take(new: User) -> User:
        return new

    http.add("/x", "POST", take)
    broken = {"type": "http.request", "body": None, "more_body": False}

    status, _ = await answered(http, "/x", broken, method="POST", headers=[(b"content-type", b"application/json")])

    assert status == 500


async def test_a_body_that_is_wrong_is_not_told_of_the_inside(http: Served) -> None:
    async def take(new: User) -> User:
        return new

    http.add("/x", "POST", take)
    for body in (b'{"id": "%s"}' % SECRET.encode(), b"{", b"\xff", b'{"id": 99999999999999999999}', b"[" * 5_000):
        message = {"type": "http.request", "body": body, "more_body": False}
        head = [(b"content-type", b"application/json")]

        status, answer = await answered(http, "/x", message, method="POST", headers=head)

        assert status in (400, 422)
        assert str(Path(__file__).parents[3]).encode() not in answer
