"""What http keeps in a Redis: together over processes; and what it answers while that Redis is away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.contracts.http.policies.callers import Counted, key
from tests.contracts.http_served import Served, hook, serve
from tests.proxy import Fault, Proxy
from tests.tools.state.reach import made


async def process(way: Proxy, counted: Counted, prefix: str) -> tuple[Served, Any]:
    """Boot an http with a `state` of its own, as each process has."""
    state = made(f"redis://127.0.0.1:{way.port}", state_prefix=prefix, state_timeout_s=0.2)
    await state.on_boot()
    served = await serve("tools.http", {})
    with hook():
        served.http.keep_in(state.namespace("http"))
    served.add("/x", "GET", counted.get, rate_limit="10/minute")
    served.add("/orders", "POST", counted.post, idempotent=True)
    return served, state


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
async def both(way: Proxy, counted: Counted, request: pytest.FixtureRequest) -> AsyncIterator[list[Served]]:
    made = [await process(way, counted, request.node.name) for _ in range(2)]
    yield [served for served, _ in made]
    for served, state in made:
        await served.client.aclose()
        await state.on_shutdown()


async def test_two_processes_count_one_limit(both: list[Served]) -> None:
    answers = await asyncio.gather(*(served.get("/x") for served in both * 10))

    assert sorted(one.status_code for one in answers) == [200] * 10 + [429] * 10
    assert {int(one.headers["ratelimit-reset"]) for one in answers} <= {59, 60}


async def test_a_key_runs_once_over_two_processes_and_both_give_its_answer(
    both: list[Served], counted: Counted
) -> None:
    at_once = await asyncio.gather(*(served.post("/orders", json={}, headers=key()) for served in both * 10))
    later = [await served.post("/orders", json={}, headers=key()) for served in both]
    other = [await served.post("/orders", json={"x": 1}, headers=key()) for served in both]

    assert {one.status_code for one in at_once} <= {201, 409} and counted.runs == 1
    assert [(one.status_code, one.json()) for one in later] == [(201, {"run": 1})] * 2
    assert [one.status_code for one in other] == [422, 422]


@pytest.mark.parametrize("fault", ["refuse", "blackhole", "reset", "half", "drop"])
async def test_while_redis_is_away_both_are_503_soon_and_nothing_runs(
    both: list[Served], way: Proxy, counted: Counted, fault: Fault
) -> None:
    await way.switch(fault)
    async with asyncio.timeout(3):
        limited = await asyncio.gather(*(served.get("/x") for served in both * 20))
        orders = await asyncio.gather(*(served.post("/orders", json={}, headers=key()) for served in both * 20))

    for one in (*limited, *orders):
        assert (one.status_code, one.headers["content-type"]) == (503, "application/problem+json")
        assert int(one.headers["retry-after"]) >= 1 and "out of reach" in one.json()["detail"]
    assert counted.runs == 0


async def test_an_order_that_was_carried_out_is_answered_though_redis_went_meanwhile(
    both: list[Served], way: Proxy, counted: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    counted.gate.clear()
    order = asyncio.create_task(both[0].post("/orders", json={}, headers=key()))
    await counted.started.wait()
    await way.switch("blackhole")
    counted.gate.set()

    assert (await order).status_code == 201
    assert "an answer is not kept" in caplog.text
    await way.switch("pass")
    assert (await both[1].post("/orders", json={}, headers=key())).status_code == 409
