"""Cached answers: given again while they are fresh, to those that they are for."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, Response

from hookspecs import Refusal
from tests.contracts.http.policies.callers import Bearer, Counted, by
from tests.contracts.http_served import Served
from tools.http.contract import Context, Header, RouteError


async def test_an_answer_is_given_again_while_it_is_fresh(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)

    first, again, head = await http.get("/x"), await http.get("/x"), await http.client.head("/x")

    assert (first.json(), again.json(), counted.runs) == ({"run": 1}, {"run": 1}, 1)
    assert (first.headers["cache-control"], "age" in first.headers) == ("public, max-age=60", False)
    assert (again.headers["cache-control"], again.headers["age"]) == ("public, max-age=60", "0")
    assert (head.headers["content-length"], head.headers["age"], head.content) == ("9", "0", b"")


async def test_a_head_may_be_the_first_to_ask(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)

    await http.client.head("/x")

    assert ((await http.get("/x")).json(), counted.runs) == ({"run": 1}, 1)


async def test_path_query_and_the_headers_that_are_read_tell_answers_apart(http: Served, counted: Counted) -> None:
    async def named(id: int, tenant: Annotated[str, Header("X-Tenant")], q: str = "") -> dict[str, int]:
        return await counted.get()

    http.add("/x/{id}", "GET", named, cache_s=60.0)
    asked = [("/x/1", "a"), ("/x/2", "a"), ("/x/1?q=b", "a"), ("/x/1", "b"), ("/x/1", "a")]
    answers = [await http.get(url, headers={"x-tenant": tenant}) for url, tenant in asked]

    assert [one.json()["run"] for one in answers] == [1, 2, 3, 4, 1]
    assert {one.headers["vary"] for one in answers} == {"x-tenant"}


async def test_on_a_guarded_route_each_caller_has_an_answer_and_each_set_of_scopes(
    http: Served, counted: Counted
) -> None:
    http.add("/x", "GET", counted.get, guard=Bearer(), cache_s=60.0)

    answers = [await http.get("/x", headers=by(name)) for name in ("ana", "bob", "ana:admin", "ana")]

    assert [one.json()["run"] for one in answers] == [1, 2, 3, 1]
    assert {one.headers["cache-control"] for one in answers} == {"private, max-age=60"}
    assert (await http.get("/x")).status_code == 401


async def with_cookie(context: Context) -> str:
    context.set_cookie("session", "secret")
    return "x"


async def with_response_cookie() -> Response:
    answer = PlainTextResponse("x")
    answer.set_cookie("session", "secret")
    return answer


async def with_background_work() -> Response:
    return PlainTextResponse("x", background=BackgroundTask(len, ""))


async def not_stored(context: Context) -> str:
    context.set_header("cache-control", "no-store")
    return "x"


async def varied(context: Context) -> str:
    context.set_header("vary", "accept-language")
    return "x"


async def accepted(context: Context) -> str:
    context.set_status(202)
    return "x"


@pytest.mark.parametrize(
    "handler", [with_cookie, with_response_cookie, with_background_work, not_stored, varied, accepted]
)
async def test_what_is_for_one_client_or_not_a_plain_200_is_not_cached(
    http: Served, handler: Callable[..., Any]
) -> None:
    http.add("/x", "GET", handler, cache_s=60.0)

    answers = [await http.get("/x"), *await asyncio.gather(http.get("/x"), http.get("/x"))]

    assert not any("age" in one.headers for one in answers)
    assert {one.status_code for one in answers} <= {200, 202}


async def test_however_many_miss_at_the_same_time_the_handler_runs_once(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)
    counted.gate.clear()
    asked = [asyncio.create_task(http.get("/x")) for _ in range(50)]

    await counted.started.wait()
    counted.gate.set()
    answers = await asyncio.gather(*asked)

    assert ({one.json()["run"] for one in answers}, counted.runs) == ({1}, 1)


async def test_an_error_is_told_to_all_who_waited_for_it_and_not_kept(http: Served, counted: Counted) -> None:
    async def failing() -> None:
        await counted.get()
        raise Refusal(503, "not now", 3)

    http.add("/x", "GET", failing, cache_s=60.0)
    counted.gate.clear()
    asked = [asyncio.create_task(http.get("/x")) for _ in range(10)]
    await counted.started.wait()
    counted.gate.set()
    answers = await asyncio.gather(*asked)

    assert {(one.status_code, one.headers["retry-after"]) for one in answers} == {(503, "3")}
    assert (counted.runs, (await http.get("/x")).status_code, counted.runs) == (1, 503, 2)


async def test_when_the_one_who_asked_first_is_gone_another_takes_over(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)
    counted.gate.clear()
    first, *others = [asyncio.create_task(http.get("/x")) for _ in range(5)]
    await counted.started.wait()

    first.cancel()
    await asyncio.wait([first])
    counted.gate.set()

    assert ({one.json()["run"] for one in await asyncio.gather(*others)}, counted.runs) == ({2}, 2)


async def test_who_stops_waiting_takes_nobody_along(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0)
    counted.gate.clear()
    first, leaving, *others = [asyncio.create_task(http.get("/x")) for _ in range(5)]
    await counted.started.wait()

    leaving.cancel()
    await asyncio.wait([leaving])
    counted.gate.set()

    assert {one.json()["run"] for one in await asyncio.gather(first, *others)} == {1}
    assert (leaving.cancelled(), counted.runs) == (True, 1)


@pytest.mark.parametrize(("method", "fresh_s"), [("POST", 60.0), ("GET", 0.0), ("GET", -1.0), ("GET", float("nan"))])
def test_only_a_get_is_cached_and_for_some_time(http: Served, counted: Counted, method: str, fresh_s: float) -> None:
    with pytest.raises(RouteError, match=f"^{method} /x: cache_s={fresh_s} is no time to keep an answer to a GET"):
        http.add("/x", method, counted.get, cache_s=fresh_s)
