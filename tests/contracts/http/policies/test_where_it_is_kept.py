"""Where counts and answers are kept."""

from contextlib import aclosing

import pytest

from tests.contracts.http.policies.callers import Clock, Counted, key, statuses
from tests.contracts.http_served import Served, hook, serve
from tools.http.contract import RouteError
from tools.state.contract import State
from tools.state.memory_state import MemoryState
from tools.state.memory_store import MemoryStore
from tools.state.settings import StateSettings


async def test_two_processes_that_keep_in_one_state_count_and_keep_together(
    http: Served, counted: Counted, state: State
) -> None:
    async with aclosing((other := await serve("tools.http", {})).client):
        for one in (http, other):
            with hook():
                one.http.keep_in(state.namespace("http"))
            one.add("/x", "GET", counted.get, rate_limit="1/minute")
            one.add("/orders", "POST", counted.post, idempotent=True)

        limited = [(await one.get("/x")).status_code for one in (http, other)]
        made = [(await one.post("/orders", json={}, headers=key())).json() for one in (http, other)]

    assert (limited, made) == ([200, 429], [{"run": 2}, {"run": 2}])


async def test_a_full_store_refuses_before_anything_is_done(http: Served, counted: Counted, clock: Clock) -> None:
    full = MemoryState(StateSettings(state_max_keys=1), MemoryStore(clock))
    await full.set("taken", 1)
    with hook():
        http.http.keep_in(full)
    http.add("/x", "GET", counted.get, rate_limit="1/minute")
    http.add("/orders", "POST", counted.post, idempotent=True)

    answers = [await http.get("/x"), await http.post("/orders", json={}, headers=key())]

    assert (statuses(answers), counted.runs) == ([503, 503], 0)


async def test_who_goes_takes_its_store_along_and_two_stores_are_one_too_many(
    http: Served, counted: Counted, state: State
) -> None:
    http.add("/x", "GET", counted.get, rate_limit="1/minute")
    with hook() as part:
        http.http.keep_in(state)
        with pytest.raises(RouteError, match="already: delete one of the two$"):
            http.http.keep_in(state)
    before = [(await http.get("/x")).status_code for _ in range(2)]

    part.undo.close()

    assert (before, (await http.get("/x")).status_code) == ([200, 429], 200)
