"""Policies around a step, without a server: what stores and steps do to them that a client cannot."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tools.http.context import RequestContext
from tools.http.contract import RouteError
from tools.http.policies import Answer, Policy, Route, Step, Stores, declared_problems, policies, wrapped
from tools.http.policies.counters import MemoryCounters
from tools.http.policies.entity_tag import matches
from tools.http.problem import Problem

Ask = Callable[[Step], Awaitable[Any]]


def made(method: str, **known: Any) -> Route:
    return Route(f"{method} /x", method, False, problem_of=lambda error: Problem(500), **known)


def context(*headers: tuple[bytes, bytes]) -> RequestContext:
    scope = {"type": "http", "method": "POST", "path": "/x", "query_string": b"", "headers": list(headers)}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    one = RequestContext(scope, receive, dict(headers), "id")
    one.limit, one.max_body_bytes = [30.0], 1_000
    return one


KEYED = (b"idempotency-key", b"k")


class Runs:
    """A step that counts."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, asked: RequestContext) -> Answer:
        self.count += 1
        return 200, b"%d" % self.count


class Faulty(MemoryCounters):
    """Fails in the ways that it is told to."""

    def __init__(self, *fails: str) -> None:
        super().__init__(100, 100_000)
        self.fails = fails

    async def set(self, key: str, value: Any, *, ttl: float | None = None) -> None:
        if "set" in self.fails:
            raise ConnectionError("the store is gone")
        await super().set(key, value, ttl=ttl)

    async def delete(self, key: str) -> None:
        if "hangs" in self.fails:
            await asyncio.Event().wait()
        if "delete" in self.fails:
            raise ConnectionError("the store is gone")
        await super().delete(key)


def once(stores: Stores, step: Step) -> Step:
    return wrapped(step, policies(made("POST"), stores, idempotent=True))


async def test_an_answer_that_cannot_be_kept_reaches_its_client_and_is_not_made_again_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stores, runs = Stores(1_000), Runs()
    stores.answers = Faulty("set")
    step = once(stores, runs)

    first = await step(context(KEYED))
    with pytest.raises(Problem) as caught:
        await step(context(KEYED))

    assert (first, caught.value.status, runs.count) == ((200, b"1"), 409, 1)
    assert "an answer is not kept: the request would run again" in caplog.text


@pytest.mark.parametrize("fault", ["delete", "hangs"])
async def test_a_key_that_cannot_be_released_changes_no_error(
    fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def failing(asked: RequestContext) -> Answer:
        raise KeyError("x")

    monkeypatch.setattr("tools.http.policies.idempotency.SETTLE_S", 0.01)
    stores = Stores(1_000)
    stores.answers = Faulty(fault)

    with pytest.raises(Problem) as caught:
        await once(stores, failing)(context(KEYED))

    assert caught.value.status == 500
    assert "a key is not released: it is free when its lease ends" in caplog.text


async def test_a_coroutine_that_is_closed_half_way_leaves_its_key_to_the_lease() -> None:
    async def waiting(asked: RequestContext) -> Answer:
        await asyncio.Event().wait()
        return 200, b""

    stores, runs = Stores(1_000), Runs()
    coroutine: Any = once(stores, waiting)(context(KEYED))
    contextvars.copy_context().run(coroutine.send, None)
    coroutine.close()

    with pytest.raises(Problem, match="under way"):
        await once(stores, runs)(context(KEYED))


async def test_policies_stand_in_their_order_whatever_the_order_of_the_options() -> None:
    seen: list[str] = []

    def policy(name: str) -> Policy:
        def around(step: Step) -> Step:
            async def told(asked: RequestContext) -> Any:
                seen.append(name)
                return await step(asked)

            return told

        return around

    assert await wrapped(Runs(), [policy("outer"), policy("inner")])(context()) == (200, b"1")
    assert seen == ["outer", "inner"]


def test_a_plain_route_has_no_policies() -> None:
    assert policies(made("GET"), Stores(1_000)) == ()
    assert policies(made("POST", takes_context=True), Stores(1_000)) == ()
    assert list(declared_problems()) == []


def test_what_may_be_answered_instead_is_declared() -> None:
    declared = dict(declared_problems(rate_limit="20/minute", idempotent=True))

    assert (declared[429], sorted(declared)) == ("more than 20 requests a minute from one caller", [400, 409, 422, 429])


def test_a_form_takes_no_key() -> None:
    with pytest.raises(RouteError, match="^POST /x: idempotent compares bodies, and browsers write the same form"):
        policies(made("POST", takes_form=True), Stores(1_000), idempotent=True)


async def test_headers_of_the_policies_around_are_not_kept_with_the_answer() -> None:
    runs, stores = Runs(), Stores(1_000)
    step = wrapped(runs, policies(made("POST"), stores, rate_limit="5/day", idempotent=True))
    asked = [context(KEYED) for _ in range(2)]

    for one in asked:
        await step(one)

    left = [dict(one.response_headers)[b"ratelimit-remaining"] for one in asked]
    assert (left, len(asked[1].response_headers), runs.count) == ([b"4", b"3"], 5, 1)


async def test_an_answer_ages_in_the_cache_and_is_made_anew_in_time() -> None:
    now_s, runs = [1000.0], Runs()
    stores = Stores(100_000, lambda: now_s[0])
    step = wrapped(runs, policies(made("GET"), stores, cache_s=10))
    seen = []

    for passed_s in (0, 9.9, 0.2):
        now_s[0] += passed_s
        seen.append((await step(asked := context()), dict(asked.response_headers).get(b"age")))

    assert seen == [((200, b"1"), None), ((200, b"1"), b"9"), ((200, b"2"), None)]


async def test_an_answer_too_large_to_cache_is_given_to_all_who_waited() -> None:
    gate, runs = asyncio.Event(), Runs()

    async def large(asked: RequestContext) -> Answer:
        await gate.wait()
        await runs(asked)
        return 200, bytes(10_000)

    step = wrapped(large, policies(made("GET"), Stores(1_000), cache_s=10))
    asked: list[asyncio.Future[Any]] = [asyncio.ensure_future(step(context())) for _ in range(5)]
    await asyncio.sleep(0)
    gate.set()

    assert ({await one for one in asked}, runs.count) == ({(200, bytes(10_000))}, 1)
    assert (await step(context()), runs.count) == ((200, bytes(10_000)), 2)


async def test_no_flight_is_left_behind() -> None:
    async def failing(asked: RequestContext) -> Answer:
        raise KeyError("x")

    (policy,) = policies(made("GET"), Stores(1_000), cache_s=10)
    for step in (Runs(), failing):
        asked = [asyncio.ensure_future(policy(step)(context((b"x", b"1")))) for _ in range(5)]
        await asyncio.wait(asked)
        assert {type(one.exception()) for one in asked} <= {type(None), Problem}

    assert policy._flights == {}  # type: ignore[attr-defined]  # what a leak would fill


@pytest.mark.parametrize("given", ['"' * 30_000, "W/" * 15_000, '"a", ' + " " * 30_000 + "x", '"a' * 10_000])
def test_a_hostile_list_of_tags_takes_no_time(given: str) -> None:
    assert not any(matches(given, f'"{version}"') for version in ("1", "2", "3"))
