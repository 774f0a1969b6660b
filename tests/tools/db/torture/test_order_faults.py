"""R4: whichever call to db fails, and in whichever way, an order is whole or not there, and a repetition never doubles.

A client takes the whole way through a shop: delivery, order, an order of too much, look, list, cancel, order. The
N-th call of the shop's to db fails once, for each N until the way has fewer calls; the client repeats what failed
with the same Idempotency-Key.
"""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tools.db.torture.faulty_db import KINDS, PLAN
from tests.tools.db.torture.shop import Shop, check_problem, opened
from tools.db.contract import Db

LATE_S = 0.15
TRIES = 3
TABLES = ("lines", "letters", "orders", "deliveries", "stock")


@pytest.fixture
async def shop(tmp_path: Path, url: str) -> AsyncIterator[Shop]:
    async with opened(tmp_path, url, late_s=LATE_S) as shop:
        yield shop


class Way:
    """One client's way through the shop; `told` has what it was told at last."""

    def __init__(self, shop: Shop, name: str) -> None:
        self.shop, self.name, self.told = shop, name, dict[str, int]()

    async def go(self) -> None:
        await self.ask("pens", "POST", "/shop/deliveries", {"item": "pen", "count": 10})
        await self.ask("ink", "POST", "/shop/deliveries", {"item": "ink", "count": 5})
        lines = [{"item": "pen", "count": 2}, {"item": "ink", "count": 1}, {"item": "pen", "count": 1}]
        placed = await self.ask("order", "POST", "/shop/orders", {"customer": "ana", "lines": lines})
        too_much = [{"item": "ink", "count": 1}, {"item": "pen", "count": 900}]
        await self.ask("too much", "POST", "/shop/orders", {"customer": "bob", "lines": too_much})
        await self.ask("list", "GET", "/shop/orders")
        if placed.status_code == 201:
            id = placed.json()["id"]
            assert (await self.ask("look", "GET", f"/shop/orders/{id}")).json()["customer"] == "ana"
            await self.ask("cancel", "POST", f"/shop/orders/{id}/cancel")
        await self.ask("again", "POST", "/shop/orders", {"customer": "eve", "lines": lines[:1]})

    async def ask(self, what: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """Ask until it is no failure of the server's, always with the same key."""
        headers = {"idempotency-key": f"{self.name}-{what}".replace(" ", "-")} if method == "POST" else {}
        for _ in range(TRIES):
            answer = await self.shop.client.request(method, path, json=body, headers=headers)
            if not answer.is_success:
                check_problem(answer, 409, 503, 504)
            if answer.status_code < 500:
                break
        self.told[what] = answer.status_code
        return answer


async def check_invariants(db: Db) -> None:
    taken = "SELECT item, count FROM lines JOIN orders ON orders.id = lines.order_id WHERE state = 'placed'"
    gone = f"SELECT item, -count AS count FROM deliveries UNION ALL {taken} UNION ALL SELECT item, count FROM stock"
    assert await db.query(f"SELECT item FROM ({gone}) AS x GROUP BY item HAVING sum(count) <> 0") == []
    assert await db.query("SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM lines)") == []
    assert await db.query("SELECT order_id FROM lines WHERE order_id NOT IN (SELECT id FROM orders)") == []
    assert await db.query("SELECT order_id FROM letters WHERE order_id NOT IN (SELECT id FROM orders)") == []
    doubled = "SELECT customer AS what FROM orders GROUP BY customer HAVING count(*) > 1"
    assert await db.query(f"{doubled} UNION ALL SELECT item FROM deliveries GROUP BY item HAVING count(*) > 1") == []


async def check_told(db: Db, told: dict[str, int]) -> None:
    """See that what a client was told is so."""
    orders = {row["customer"]: row["state"] for row in await db.query("SELECT customer, state FROM orders")}
    assert "bob" not in orders
    if told["order"] == 201:
        assert orders["ana"] == ("cancelled" if told["cancel"] == 200 else orders["ana"])
    if told["again"] == 201:
        assert orders["eve"] == "placed"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_each_call_of_an_order_may_fail_and_nothing_is_doubled_or_torn(shop: Shop, kind: str) -> None:
    for at in count(1):
        for table in TABLES:
            await shop.db.execute(f"DELETE FROM {table}")
        PLAN.fail(kind, at)
        way = Way(shop, f"{kind}-{at}")

        await asyncio.wait_for(way.go(), 5)
        while await shop.bus.pending():  # letters are written after the answer
            await asyncio.sleep(0.001)

        await check_invariants(shop.db)
        await check_told(shop.db, way.told)
        if PLAN.calls < at:
            break

    assert at > 40
    assert way.told == dict.fromkeys(("pens", "ink", "order", "again"), 201) | {
        "too much": 409, "list": 200, "look": 200, "cancel": 200
    }  # fmt: skip
