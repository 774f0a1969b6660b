"""Who may call, and by which method."""

from msgspec import json
from starlette.responses import PlainTextResponse, Response

from tests.contracts.http.models import Guard, NewUser, nothing, show_id
from tests.contracts.http_served import Boot, Served, answered
from tools.http.contract import Context


async def test_another_method_is_told_which_there_are(http: Served) -> None:
    http.add("/x/{id}", "GET", show_id)
    http.add("/x/{id}", "DELETE", show_id)

    answer = await http.post("/x/1")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS"
    assert (await http.client.request("TRACE", "/x/1")).status_code == 405


async def test_head_is_a_get_without_its_body(http: Served) -> None:
    http.add("/x", "GET", lambda: "text")
    http.add("/page", "GET", lambda: PlainTextResponse("hello"))
    http.add("/only", "POST", lambda: "text")

    plain, response = await http.raw("HEAD", "/x"), await http.raw("HEAD", "/page")

    assert (plain[0], plain[1]["content-length"], plain[2]) == (200, "6", b"")
    assert (response[0], response[1]["content-length"], response[2]) == (200, "5", b"")
    assert (await http.client.head("/only")).status_code == 405


async def test_options_answers_with_the_methods_and_calls_nobody(http: Served) -> None:
    async def guard(context: Context) -> None:
        raise AssertionError

    http.add("/x", "POST", lambda data: data, guard=guard)

    answer = await http.client.options("/x")

    assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS, POST")


async def test_a_guard_comes_before_the_parameters_and_the_body(http: Served) -> None:
    async def take(id: int, limit: int, new: NewUser) -> None:
        raise AssertionError

    http.add("/take/{id}", "POST", take, guard=Guard())
    endless = {"type": "http.request", "body": b"x" * 2_000_000, "more_body": True}

    status, headers, body = await http.raw("POST", "/take/x", endless)

    assert status == 401
    assert headers["www-authenticate"] == "Bearer"
    assert json.decode(body)["detail"] == "who are you"


async def test_claims_reach_the_handler_and_the_answer_is_not_stored(http: Served) -> None:
    async def me(context: Context) -> str:
        return str(context.claims)

    async def page() -> Response:
        return PlainTextResponse("private")

    http.add("/me", "GET", me, guard=Guard())
    http.add("/page", "GET", page, guard=Guard())
    http.add("/public", "GET", me)
    headers = {"authorization": "Bearer good"}

    answers = [await http.get(path, headers=headers) for path in ("/me", "/page", "/public")]

    assert answers[0].json() == "ana"
    assert [one.headers.get("cache-control") for one in answers] == ["no-store", "no-store", None]


async def test_a_guard_that_breaks_lets_nobody_in(http: Served) -> None:
    async def broken(context: Context) -> None:
        raise KeyError("secret")

    http.add("/x", "GET", lambda: "in", guard=broken)
    http.add("/y", "GET", lambda: "in", guard=lambda context: "not awaitable")

    assert (await http.get("/x")).status_code == 500
    assert (await http.get("/y")).status_code == 500


async def test_an_unguarded_route_is_a_finding_an_error_outside_development(boot: Boot) -> None:
    for settings, is_error in [
        ({}, False),
        ({"ENV": "production", "HTTP_HOSTS": "a.example"}, True),
        ({"ENV": "staging", "HTTP_HOSTS": "a.example"}, True),
        ({"ENV": "production", "HTTP_HOSTS": "a.example", "HTTP_UNGUARDED": "allow"}, False),
    ]:
        http = await boot(**settings)
        http.add("/open", "GET", nothing, public=False)
        http.add("/public", "GET", nothing)
        http.add("/guarded", "GET", nothing, guard=Guard())

        (finding,) = await answered(http.work.check())

        assert finding.is_error is is_error
        assert (finding.code, finding.file) == ("http-unguarded", "made.feature.py")
        assert finding.message.startswith("GET /open is unguarded: add guard=self.auth.require()")
