"""Many clients at once who want the same row: each is answered, and none is told to come again."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.tools.db.torture.shop import opened

PENS, CLIENTS = 20, 50


@pytest.mark.slow
async def test_50_orders_at_once_of_20_pens_sell_20_and_refuse_30(tmp_path: Path, url: str) -> None:
    async with opened(tmp_path, url) as shop:

        async def post(path: str, body: dict[str, object], key: str) -> int:
            answer = await shop.client.post(f"/shop/{path}", json=body, headers={"idempotency-key": key})
            return answer.status_code

        await post("deliveries", {"item": "pen", "count": PENS}, "delivery")
        pen = [{"item": "pen", "count": 1}]
        statuses = await asyncio.gather(
            *(post("orders", {"customer": f"client {n}", "lines": pen}, f"order-{n}") for n in range(CLIENTS))
        )

        assert Counter(statuses) == {201: PENS, 409: CLIENTS - PENS}
        assert await shop.db.query_one("SELECT count FROM stock WHERE item = 'pen'") == {"count": 0}
        assert await shop.db.query_one("SELECT count(*) AS n FROM orders WHERE state = 'placed'") == {"n": PENS}
