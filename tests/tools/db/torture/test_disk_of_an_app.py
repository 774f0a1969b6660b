"""R6 through the app: a disk that is full, or that may not be written, is a problem and no failure, and passes."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.tools.db.standing import sqlite_of
from tests.tools.db.torture.shop import Shop, check_problem, opened


async def limit_pages(shop: Shop, more: int) -> None:
    def job(raw: sqlite3.Connection) -> None:
        (now,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count = {now + more}")

    await sqlite_of(shop.db).writer.run(job)


async def deliver(shop: Shop, item: str) -> Any:
    return await shop.client.post("/shop/deliveries", json={"item": item * 1_000, "count": 1})


async def test_a_full_disk_is_a_503_for_each_write_and_none_for_reads_until_there_is_room(tmp_path: Path) -> None:
    async with opened(tmp_path, f"sqlite:///{tmp_path}/app.db") as shop:
        await limit_pages(shop, 3)
        answers = [await deliver(shop, f"{number}") for number in range(30)]
        reads = await shop.client.get("/shop/orders")
        live = await shop.client.get("/health/live")
        await limit_pages(shop, 1_000)
        later = await deliver(shop, "later")
        rows = await shop.db.query("SELECT item FROM deliveries JOIN stock USING (item)")

    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) > 10
    for answer in refused:
        check_problem(answer, 503, 507)
        assert answer.headers["retry-after"] == "1"
    assert len(rows) == len(answers) - len(refused) + 1
    assert (reads.status_code, live.status_code, later.status_code) == (200, 200, 201)


async def test_a_file_that_may_not_be_written_is_read_and_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, connect = f"sqlite:///{tmp_path}/app.db", sqlite3.connect
    (tmp_path / "first").mkdir()
    (tmp_path / "then").mkdir()
    async with opened(tmp_path / "first", url) as shop:
        assert (await deliver(shop, "a")).status_code == 201
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: connect(f"file:{path}?mode=ro", uri=True, **how))

    # a system that keeps events in the file does not start without writing it, and says so
    async with opened(tmp_path / "then", url, EVENT_BUS_URL="memory://") as shop:
        refused = await deliver(shop, "b")
        reads = await shop.client.get("/shop/orders")
        health = [(await shop.client.get(f"/health/{what}")).status_code for what in ("ready", "live")]

    check_problem(refused, 503)
    assert reads.status_code == 200
    assert health == [503, 200]
