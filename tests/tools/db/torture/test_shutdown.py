"""The shutdown meets what is still under way, and ends in time."""

import asyncio
from time import monotonic
from typing import Any

from tests.tools.db.standing import around
from tests.tools.db.torture.engines import made
from tests.tools.db.torture.workload import SCHEMA, WRITES

IN_TIME_S = 3.0


async def up(url: str) -> Any:
    db = made(url, {"DB_WAIT_TIMEOUT_S": "0.5"})
    await db.on_boot(around())
    for statement in SCHEMA:
        await db.execute(statement)
    await WRITES[0](db, 1)
    return db


async def test_a_stream_that_was_just_left_does_not_hold_it_up(url: str) -> None:
    db = await up(url)
    async for _ in db.stream("SELECT n FROM singles"):
        break  # its connection is closed by the loop, as soon as that comes to it
    began_s = monotonic()

    await db.on_shutdown()

    assert monotonic() - began_s < IN_TIME_S


async def test_whoever_is_at_work_or_waits_is_told_and_does_not_hold_it_up(url: str) -> None:
    db, inside, for_ever = await up(url), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with db.transaction():
            await WRITES[0](db, 2)
            inside.set()
            await for_ever.wait()

    async def read_slowly() -> None:
        async for _ in db.stream("SELECT n FROM singles"):
            await for_ever.wait()

    holding, reading = asyncio.create_task(hold()), asyncio.create_task(read_slowly())
    await inside.wait()
    waiting = [asyncio.create_task(WRITES[3](db, number)) for number in range(3, 8)]
    await asyncio.sleep(0.01)
    began_s = monotonic()

    await db.on_shutdown()

    assert monotonic() - began_s < IN_TIME_S
    for_ever.set()
    ended = await asyncio.wait_for(asyncio.gather(holding, reading, *waiting, return_exceptions=True), IN_TIME_S)
    assert isinstance(ended[0], Exception)
