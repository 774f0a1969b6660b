"""Killed at any moment under load: what was acknowledged is there, and what is there is whole."""

import asyncio
import os
import random
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests.tools.db.torture.engines import standing
from tests.tools.db.torture.victim import read_all, started
from tests.tools.db.torture.workload import SCHEMA, STORED, TORN, numbers

KILLS = 200
LONGEST_LIFE_S = 0.15
"""From its first acknowledgement on."""
NUMBERS_A_LIFE = 1_000_000


def killed(url: str, life: int, chance: random.Random) -> set[int]:
    """Start a victim, kill it at a random moment under load, and give what it acknowledged."""
    process, told = started(url, life * NUMBERS_A_LIFE)
    first = os.read(told.fileno(), 65_536)  # it writes: now its life is measured
    assert first, "it died by itself: its traceback is above"
    time.sleep(chance.random() * LONGEST_LIFE_S)
    process.kill()
    process.join()
    acknowledged = read_all(told, first)
    told.close()
    return acknowledged


async def with_tables(url: str) -> None:
    async with standing(url) as db:
        for statement in SCHEMA:
            await db.execute(statement)


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_200_kills_lose_nothing_acknowledged_and_tear_nothing(sqlite_url: str, tmp_path: Path) -> None:
    url, chance, acknowledged = sqlite_url, random.Random(1), set[int]()
    await with_tables(url)

    for life in range(1, KILLS + 1):
        acknowledged |= await asyncio.to_thread(killed, url, life, chance)
        check_file(tmp_path / "app.db", acknowledged)

    assert len(acknowledged) > 10 * KILLS


def check_file(path: Path, acknowledged: set[int]) -> None:
    """Look with nothing of ours in between; opening it recovers what the dead one left."""
    raw: Any = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert raw.execute(TORN).fetchall() == []
    assert acknowledged - {number for (number,) in raw.execute(STORED)} == set()
    raw.close()


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_60_kills_of_a_client_lose_nothing_and_leave_no_transaction_behind(
    postgres_url: str,
) -> None:
    url, chance, acknowledged = postgres_url, random.Random(2), set[int]()
    await with_tables(url)

    for life in range(1, 61):
        acknowledged |= await asyncio.to_thread(killed, url, life, chance)

    async with standing(url) as db:
        assert await numbers(db, TORN) == set()
        assert acknowledged - await numbers(db, STORED) == set()
        await asyncio.sleep(0.5)
        assert (
            await db.query(
                "SELECT state, query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
            )
            == []
        )
    assert len(acknowledged) > 600
