"""What is raised, and what is answered."""

import asyncio
from typing import Any

import pytest
from msgspec import ValidationError

from hookspecs import Refusal
from tests.contracts.http.models import Abort
from tests.contracts.http_served import Served


class NotFoundError(Exception): ...


class UserNotFoundError(NotFoundError): ...


class UserGoneError(UserNotFoundError): ...


@pytest.mark.parametrize(
    ("raised", "status", "body"),
    [
        (NotFoundError, 404, {}),
        (UserNotFoundError, 409, {"detail": "no user"}),
        (UserGoneError, 409, {"detail": "no user"}),
        (KeyError, 422, {"detail": "taken", "errors": [{"detail": "taken", "pointer": "/email"}]}),
    ],
)
async def test_a_declared_error_is_answered_along_its_mro(
    http: Served, raised: type[Exception], status: int, body: dict[str, Any]
) -> None:
    async def show() -> None:
        raise raised("a secret")

    errors = {NotFoundError: 404, UserNotFoundError: (409, "no user"), KeyError: (422, "taken", "/email")}
    http.add("/show", "GET", show, errors=errors)

    answer = await http.get("/show")

    assert answer.status_code == status
    assert {key: answer.json()[key] for key in ("detail", "errors") if key in answer.json()} == body
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "raised",
    [ValueError, SystemExit, StopIteration, ValidationError, RecursionError, TimeoutError, GeneratorExit, Abort],
)
@pytest.mark.parametrize("is_async", [True, False], ids=["async def", "def"])
async def test_any_other_error_is_a_500_without_text_and_one_log_record(
    http: Served, raised: type[BaseException], is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def show() -> None:
        raise raised("a secret")

    def show_in_a_thread() -> None:
        raise raised("a secret")

    http.add("/show", "GET", show if is_async else show_in_a_thread)

    answer = await http.get("/show", headers={"x-request-id": "id-1"})

    assert answer.status_code == 500
    expected = {"type": "about:blank", "title": "Internal Server Error", "status": 500, "instance": "urn:request:id-1"}
    assert answer.json() == expected
    assert [one.getMessage() for one in caplog.records] == ["GET /show: made.feature failed"]
    assert "a secret" in caplog.text


async def test_a_refusal_is_answered_in_its_words(http: Served) -> None:
    async def show(status: int) -> None:
        raise Refusal(status, "come back later", retry_after_s=0.2 if status == 429 else None)

    http.add("/show", "GET", show)

    limited, unknown = await http.get("/show?status=429"), await http.get("/show?status=401")

    assert (limited.status_code, limited.json()["detail"]) == (429, "come back later")
    assert limited.headers["retry-after"] == "1"
    assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, "Bearer")
    assert "retry-after" not in unknown.headers


async def test_an_endpoint_can_declare_a_refusal_otherwise(http: Served) -> None:
    async def show() -> None:
        raise Refusal(409, "text")

    http.add("/show", "GET", show, errors={Refusal: (418, "other")})

    assert (await http.get("/show")).status_code == 418


class LostError(Refusal):
    """As `db.Unavailable`: the log is told more than the client."""

    def __init__(self, status: int = 503) -> None:
        super().__init__(status, "try again", retry_after_s=1)

    def __str__(self) -> str:
        return f"{self.detail} (no answer from db:5432)"


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert not any(one.exc_info for one in caplog.records)
    return [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]


@pytest.mark.parametrize("status", [500, 503, 504])
async def test_a_refusal_that_is_a_fault_of_the_server_is_a_warning_with_its_reason(
    http: Served, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def show() -> None:
        raise LostError(status)

    http.add("/show", "GET", show)

    answer = await http.get("/show")

    assert (answer.status_code, answer.json()["detail"]) == (status, "try again")
    assert warnings_of(caplog) == [f"GET /show: made.feature answered {status}: try again (no answer from db:5432)"]


@pytest.mark.parametrize(
    ("raised", "declared", "lines"),
    [
        (LostError, (502, "later"), ["GET /show: made.feature answered 502: try again (no answer from db:5432)"]),
        (NotFoundError, 503, ["GET /show: made.feature answered 503: the other side is gone"]),
        (LostError, 409, []),
    ],
    ids=["a refusal", "an error", "no fault of the server"],
)
async def test_what_an_endpoint_declares_is_a_warning_where_it_answers_a_fault_of_the_server(
    http: Served, raised: type[Exception], declared: Any, lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def show() -> None:
        raise raised("the other side is gone") if raised is NotFoundError else raised()

    http.add("/show", "GET", show, errors={raised: declared})

    await http.get("/show")

    assert warnings_of(caplog) == lines


async def test_an_outage_is_one_line_a_second_for_each_endpoint_and_error(
    http: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def show(*, is_full: bool = False) -> None:
        raise Refusal(503, "full") if is_full else LostError()

    http.add("/show", "GET", show)
    http.add("/other", "GET", show)
    now_s = 1_000.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)

    for url in ("/show", "/show", "/show?is_full=true", "/other", "/show"):
        await http.get(url)
    now_s += 1
    await http.get("/show")
    await http.get("/show")

    lost = "made.feature answered 503: try again (no answer from db:5432)"
    assert warnings_of(caplog) == [
        f"GET /show: {lost}",
        "GET /show: made.feature answered 503: full",
        f"GET /other: {lost}",
        f"GET /show: {lost} (2 more since the last such line)",
    ]


async def test_a_cancellation_that_is_not_the_requests_is_an_error_of_the_handler(http: Served) -> None:
    async def show() -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        task.cancel()
        await task

    http.add("/show", "GET", show)

    assert (await http.get("/show")).status_code == 500


@pytest.mark.parametrize("raised", [GeneratorExit, Abort])
async def test_an_error_of_any_class_after_a_pause_is_a_500_too(http: Served, raised: type[BaseException]) -> None:
    async def show() -> None:
        await asyncio.sleep(0)
        raise raised

    http.add("/show", "GET", show)

    assert (await http.get("/show")).status_code == 500


async def test_an_interrupt_is_the_processs(http: Served) -> None:
    async def show() -> None:
        raise KeyboardInterrupt

    http.add("/show", "GET", show)

    with pytest.raises(KeyboardInterrupt):
        await http.raw("GET", "/show")


async def test_a_request_that_is_cancelled_or_closed_is_not_answered(http: Served) -> None:
    ended: list[type[BaseException]] = []

    async def show() -> None:
        try:
            await asyncio.Event().wait()
        except BaseException as error:
            ended.append(type(error))
            raise

    http.add("/show", "GET", show)
    cancelled, closed = asyncio.create_task(http.raw("GET", "/show")), http.raw("GET", "/show")

    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    closed.send(None)
    closed.close()

    assert ended == [asyncio.CancelledError, GeneratorExit]


async def test_a_problem_names_its_request(http: Served) -> None:
    answer = await http.get("/missing", headers={"x-request-id": "abc-1"})

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    expected = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "nothing is here"}
    assert answer.json() == {**expected, "instance": "urn:request:abc-1"}
