"""Idempotency keys: a request that is sent again runs once."""

import asyncio
import threading
from typing import Any

import pytest
from msgspec import Struct

from hookspecs import Refusal
from tests.contracts.http.policies.callers import Bearer, Clock, Counted, by, key, statuses
from tests.contracts.http_served import Served
from tools.http.contract import Context


async def test_a_repeated_request_runs_once_and_gets_the_same_answer(http: Served, counted: Counted) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)

    first, again = [await http.post("/orders", json={"a": 1}, headers=key()) for _ in range(2)]

    assert counted.runs == 1
    assert (again.status_code, again.content, again.headers["location"]) == (201, first.content, "/orders/1")
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert first.headers["x-request-id"] != again.headers["x-request-id"]


async def test_of_requests_side_by_side_one_runs_and_the_others_are_told_to_wait(
    http: Served, counted: Counted
) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)
    counted.gate.clear()
    asked = [asyncio.create_task(http.post("/orders", json={}, headers=key())) for _ in range(20)]

    done, running = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 19:
        more, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    counted.gate.set()

    assert {one.result().status_code for one in done} == {409}
    assert {one.result().headers["retry-after"] for one in done} == {"1"}
    assert [(await one).status_code for one in running] == [201]
    assert counted.runs == 1


async def test_the_same_key_with_another_request_is_refused(http: Served, counted: Counted) -> None:
    async def named(id: int, data: dict[str, Any]) -> dict[str, int]:
        return await counted.get()

    http.add("/orders/{id}", "PATCH", named, idempotent=True)

    async def ask(url: str, body: bytes) -> int:
        headers = key(**{"content-type": "application/json"})
        return (await http.client.patch(url, content=body, headers=headers)).status_code

    first = await ask("/orders/1", b"{}")
    others = [await ask("/orders/1", b"{ }"), await ask("/orders/2", b"{}"), await ask("/orders/1?a=1", b"{}")]

    assert (first, others, await ask("/orders/1", b"{}"), counted.runs) == (200, [422] * 3, 200, 1)


async def test_the_keys_of_two_callers_and_of_two_routes_never_meet(http: Served, counted: Counted) -> None:
    http.add("/a", "POST", counted.post, guard=Bearer(), idempotent=True)
    http.add("/b", "POST", counted.post, guard=Bearer(), idempotent=True)

    for path, name in [("/a", "ana"), ("/a", "bob"), ("/b", "ana"), ("/a", "ana")]:
        await http.post(path, json={}, headers=key(**by(name)))

    assert counted.runs == 3


@pytest.mark.parametrize(
    ("error", "runs"),
    [
        (Refusal(409, "sold out"), 1),
        (Refusal(404, "no such thing"), 1),
        (Refusal(503, "not now"), 2),
        (Refusal(423, "locked", 5), 2),
        (Refusal(429, "slowly"), 2),
        (KeyError("secret"), 2),
    ],
    ids=lambda one: getattr(one, "detail", str(one)),
)
async def test_an_error_of_the_handler_is_kept_unless_it_asks_for_another_try(
    http: Served, error: Exception, runs: int
) -> None:
    ran = []

    async def failing(data: dict[str, Any], context: Context) -> None:
        ran.append(1)
        context.set_header("x-own", "1")
        raise error

    http.add("/orders", "POST", failing, idempotent=True)
    first, again = [await http.post("/orders", json={}, headers=key()) for _ in range(2)]

    assert (len(ran), again.status_code, again.headers["x-own"]) == (runs, first.status_code, "1")
    assert again.json().get("detail") == first.json().get("detail") == getattr(error, "detail", None)
    assert ("idempotency-replayed" in again.headers) is (runs == 1)


async def test_what_was_wrong_with_the_body_can_be_put_right_under_the_same_key(http: Served) -> None:
    class Order(Struct):
        count: int

    async def order(new: Order) -> int:
        return new.count

    order.__annotations__["new"] = Order
    http.add("/orders", "POST", order, idempotent=True)

    wrong = await http.post("/orders", json={"count": "x"}, headers=key())
    right = await http.post("/orders", json={"count": 1}, headers=key())

    assert (wrong.status_code, right.status_code) == (422, 200)


@pytest.mark.parametrize("given", ["", "a b", "x" * 256, "\x7f", "ñ"], ids=ascii)
async def test_a_key_that_is_none_is_refused(http: Served, counted: Counted, given: str) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)
    headers = {"idempotency-key": given.encode("latin-1")}

    refused = await http.post("/orders", json={}, headers=headers)
    twice = await http.post("/orders", json={}, headers=[("idempotency-key", "a"), ("idempotency-key", "b")])

    assert (refused.status_code, twice.status_code, counted.runs) == (400, 400, 0)


async def test_without_a_key_each_request_runs(http: Served, counted: Counted) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)

    answers = [await http.post("/orders", json={}) for _ in range(2)]

    assert (statuses(answers), counted.runs) == ([201, 201], 2)


async def test_a_cancelled_request_gives_its_key_back(http: Served, counted: Counted) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)
    counted.gate.clear()
    first = asyncio.create_task(http.post("/orders", json={}, headers=key()))
    await counted.started.wait()

    first.cancel()
    await asyncio.wait([first])
    counted.gate.set()

    assert (await http.post("/orders", json={}, headers=key())).json() == {"run": 2}


async def test_a_handler_that_ran_out_of_time_gives_its_key_back(http: Served, counted: Counted) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True, timeout_s=0.05)
    counted.gate.clear()

    late = await http.post("/orders", json={}, headers=key())
    counted.gate.set()

    assert late.status_code == 504
    assert (await http.post("/orders", json={}, headers=key())).json() == {"run": 2}


@pytest.mark.usefixtures("kept_in_state")
async def test_a_def_that_runs_on_in_its_thread_keeps_its_key_until_the_lease_ends(http: Served, clock: Clock) -> None:
    gate, runs = threading.Event(), []

    def slow(data: dict[str, Any]) -> int:
        runs.append(1)
        gate.wait(10)
        return len(runs)

    http.add("/orders", "POST", slow, idempotent=True, timeout_s=0.05)
    first, second = [(await http.post("/orders", json={}, headers=key())).status_code for _ in range(2)]
    gate.set()
    clock.now_s += 11
    third = await http.post("/orders", json={}, headers=key())

    assert (first, second, third.status_code, len(runs)) == (504, 409, 200, 2)


@pytest.mark.usefixtures("kept_in_state")
async def test_a_key_is_forgotten_after_a_day(http: Served, counted: Counted, clock: Clock) -> None:
    http.add("/orders", "POST", counted.post, idempotent=True)

    await http.post("/orders", json={}, headers=key())
    clock.now_s += 86_399
    kept = await http.post("/orders", json={}, headers=key())
    clock.now_s += 60
    forgotten = await http.post("/orders", json={}, headers=key())

    assert (kept.json(), forgotten.json()) == ({"run": 1}, {"run": 2})
