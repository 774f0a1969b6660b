"""Rate limits: how many pass, for whom, and what the others are told."""

import asyncio
from typing import Any

import pytest

from hookspecs import Refusal
from tests.contracts.http.policies.callers import Bearer, Clock, Counted, by, statuses
from tests.contracts.http_served import Served
from tools.http.contract import Context, RouteError


async def test_what_is_over_the_rate_is_refused_with_the_time_to_wait(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, rate_limit="2/minute")

    first, _, third = [await http.get("/x") for _ in range(3)]

    assert (first.status_code, third.status_code, counted.runs) == (200, 429, 2)
    limits = {"limit": "2", "policy": "2;w=60", "reset": "60"}
    for answer, left in (first, "1"), (third, "0"):
        assert {name: answer.headers[f"ratelimit-{name}"] for name in limits} == limits
        assert answer.headers["ratelimit-remaining"] == left
    assert third.headers["content-type"] == "application/problem+json"
    assert (third.headers["retry-after"], third.json()["status"]) == ("60", 429)


async def test_of_requests_side_by_side_exactly_as_many_pass_as_may(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, rate_limit="10/hour")

    answers = await asyncio.gather(*(http.get("/x") for _ in range(100)))

    assert statuses(answers) == [200] * 10 + [429] * 90
    assert counted.runs == 10


@pytest.mark.usefixtures("kept_in_state")
async def test_a_window_begins_with_the_first_request_and_a_refused_one_prolongs_nothing(
    http: Served, counted: Counted, clock: Clock
) -> None:
    http.add("/x", "GET", counted.get, rate_limit="1/minute")
    seen = []

    for passed_s in (0, 59.5, 0.4, 0.2):
        clock.now_s += passed_s
        answer = await http.get("/x")
        seen.append((answer.status_code, answer.headers["ratelimit-reset"]))

    assert seen == [(200, "60"), (429, "1"), (429, "1"), (200, "60")]


async def test_a_caller_is_the_subject_wherever_it_calls_from(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, guard=Bearer(), rate_limit="1/day")

    async def ask(name: str, address: str) -> int:
        client = (address, 1)
        return (await http.raw("GET", "/x", headers=[(b"authorization", name.encode())], client=client))[0]

    assert [await ask("ana", "10.0.0.1"), await ask("ana", "10.0.0.2"), await ask("bob", "10.0.0.1")] == [200, 429, 200]


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "::ffff:10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ],
)
async def test_a_caller_without_a_subject_is_its_address_or_its_network(
    http: Served, counted: Counted, first: str, second: str, is_same: bool
) -> None:
    http.add("/x", "GET", counted.get, rate_limit="1/day")

    answers = [(await http.raw("GET", "/x", client=(address, 1)))[0] for address in (first, second)]

    assert answers == [200, 429 if is_same else 200]


async def test_each_route_counts_for_itself_and_errors_tell_the_rate_too(http: Served, counted: Counted) -> None:
    async def missing(context: Context) -> None:
        raise Refusal(404, "nothing here")

    http.add("/x", "GET", counted.get, rate_limit="1/second")
    http.add("/y", "GET", missing, rate_limit="5/second")

    first, second = await http.get("/x"), await http.get("/y")

    assert (first.status_code, second.status_code, second.headers["ratelimit-remaining"]) == (200, 404, "4")


async def test_what_the_guard_refuses_is_not_counted_against_the_others_of_its_address(
    http: Served, counted: Counted
) -> None:
    http.add("/x", "GET", counted.get, guard=Bearer(), rate_limit="1/day")

    refused = [(await http.get("/x")).status_code for _ in range(5)]

    assert (refused, (await http.get("/x", headers=by("ana"))).status_code) == ([401] * 5, 200)


@pytest.mark.parametrize("rate", ["", "20", "0/minute", "-1/minute", "1/week", "1.5/second", "20 / minute", 20])
def test_a_rate_that_is_none_stops_the_boot(http: Served, counted: Counted, rate: Any) -> None:
    with pytest.raises(RouteError, match=f"^GET /x: rate_limit {rate!r} is no rate: write a number above 0"):
        http.add("/x", "GET", counted.get, rate_limit=rate)
