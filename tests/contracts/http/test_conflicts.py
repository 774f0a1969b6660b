"""A handler that met another one, and of which nothing was done, is run again; its client need not send all again."""

from typing import Any

import pytest

from hookspecs import Refusal, stored
from tests.contracts.http_served import Served


class Met(Refusal):
    """As `db` raises it: everything was undone."""

    runs_again = True

    def __init__(self) -> None:
        super().__init__(503, "this was changed at the same time: try again", retry_after_s=1)


def handler_of(ran: list[Any], *, is_async: bool, fails: int) -> Any:
    def run(data: dict[str, Any]) -> dict[str, int]:
        ran.append(data)
        if len(ran) <= fails:
            raise Met
        return {"run": len(ran)}

    async def run_async(data: dict[str, Any]) -> dict[str, int]:
        return run(data)

    return run_async if is_async else run


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])
async def test_it_is_run_again_with_the_same_body_until_it_succeeds(http: Served, is_async: bool) -> None:
    ran = list[Any]()
    http.add("/orders", "POST", handler_of(ran, is_async=is_async, fails=3), status=201)

    answer = await http.post("/orders", json={"pens": 2})

    assert (answer.status_code, answer.json(), ran) == (201, {"run": 4}, [{"pens": 2}] * 4)


async def test_one_that_never_succeeds_is_refused_after_some_runs(http: Served) -> None:
    ran = list[Any]()
    http.add("/orders", "POST", handler_of(ran, is_async=True, fails=10**6))

    answer = await http.post("/orders", json={})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert 1 < len(ran) <= 25


async def test_its_runs_have_one_deadline_together(http: Served) -> None:
    ran = list[Any]()
    http.add("/orders", "POST", handler_of(ran, is_async=True, fails=10**6), timeout_s=0.05)

    answer = await http.post("/orders", json={})

    assert answer.status_code == 504
    assert len(ran) < 25


async def test_another_refusal_is_answered_at_once(http: Served) -> None:
    ran = list[int]()

    async def refuse() -> None:
        ran.append(1)
        raise Refusal(503, "not now", 1)

    http.add("/x", "GET", refuse)

    assert ((await http.get("/x")).status_code, ran) == (503, [1])


@pytest.mark.capability("idempotency")
async def test_with_an_idempotency_key_what_has_stored_something_is_not_run_again(http: Served) -> None:
    ran = list[int]()

    async def order(data: dict[str, Any]) -> None:
        ran.append(1)
        notes = stored.get()
        assert notes is not None
        notes.append("db")
        raise Met

    http.add("/orders", "POST", order, idempotent=True)

    assert ((await http.post("/orders", json={}, headers={"idempotency-key": "0001"})).status_code, ran) == (503, [1])
