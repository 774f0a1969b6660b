"""What a process had claimed goes to others when it ended or showed no life, and it can say no more of it."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable

import pytest

from tests.tools.event_bus.torture.children import Child
from tests.tools.event_bus.torture.roles import Order, carry
from tests.tools.event_bus.torture.stage import Stage, opened_db, settled, standing, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
Start = Callable[..., Child]
LEASE_S = 1.5
SHORT = {"EVENT_BUS_LEASE_S": str(LEASE_S)}
HANGING = {"waits_s": 1_000, "timeout": 30}
"""Whoever has these has claimed them for as long as it lives."""


async def told(child: Child, word: str, count: int = 1) -> None:
    await asyncio.to_thread(child.wait_for, word, count)


async def rows(stage: Stage, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in await stage.db.query(sql)]


@pytest.mark.parametrize("transactional", [False, True], ids=["plain", "transactional"])
async def test_what_was_stopped_past_its_lease_cannot_mark_and_has_no_transactional_effect(
    start: Start, url: str, transactional: bool
) -> None:
    how = {"settings": SHORT, "timeout": 1.4, "waits_s": 0, "has_effect": True, "transactional": transactional}
    frozen = start(carry, url, is_freezing=True, **how)
    await told(frozen, "ready")
    async with standing(url, **SHORT) as stage:
        await stage.bus.publish("order.placed", Order(0))
        await told(frozen, "begun")
        if transactional and url.startswith("sqlite"):  # it has the one write lock: nobody can take over from it
            await asyncio.sleep(LEASE_S + 1)
            frozen.send(signal.SIGCONT)
        other = start(carry, url, **how)
        if not (transactional and url.startswith("sqlite")):
            await told(other, "done")
            before = await until_done(stage)
            frozen.send(signal.SIGCONT)
            await told(frozen, "done")
            await asyncio.sleep(1)  # it marks, if it may
            assert await rows(stage, "SELECT state, worker, ended_at FROM _event_deliveries") == before
        await settled(stage)
        effects = await rows(stage, "SELECT n FROM effects")

    assert effects == ([(0,)] if transactional else [(0,), (0,)])


async def until_done(stage: Stage) -> list[tuple[object, ...]]:
    async def is_done() -> bool:
        return await rows(stage, "SELECT state FROM _event_deliveries") == [("done",)]

    await until(is_done)
    return await rows(stage, "SELECT state, worker, ended_at FROM _event_deliveries")


async def test_what_was_stopped_past_its_lease_handles_nothing_more_of_what_it_had(
    start: Start, sqlite_url: str
) -> None:
    how = {"settings": SHORT, "timeout": 1.4, "waits_s": 0}
    frozen = start(carry, sqlite_url, is_freezing=True, **how)
    await told(frozen, "ready")
    async with standing(sqlite_url, **SHORT) as stage:
        async with stage.db.transaction():
            for number in range(100):
                await stage.bus.publish("order.placed", Order(number))
        await told(frozen, "begun")
        other = start(carry, sqlite_url, **how)
        await told(other, "done", 100)

        frozen.send(signal.SIGCONT)
        await told(frozen, "done")
        await asyncio.sleep(1)

    assert [line[1] for line in frozen.of("begun")] == ["0"]


async def killed_while_it_handles(start: Start, url: str, **settings: str) -> None:
    """Publish ten events, and kill the child that has claimed them."""
    child = start(carry, url, settings=settings, **HANGING)
    await told(child, "ready")
    async with standing(url, **settings) as stage:
        async with stage.db.transaction():
            for number in range(10):
                await stage.bus.publish("order.placed", Order(number))
        await told(child, "begun")
        child.kill()


async def taken_over_s(start: Start, url: str, **settings: str) -> float:
    """Give the seconds from the start of another child to its having done all."""
    began_s = time.monotonic()
    other = start(carry, url, settings=settings, waits_s=0)
    await asyncio.to_thread(other.wait_for, "done", 10, 90)
    return time.monotonic() - began_s


async def test_what_a_killed_process_had_comes_back_at_once_on_its_machine(start: Start, url: str) -> None:
    await killed_while_it_handles(start, url)

    lasted_s = await taken_over_s(start, url)

    print(f"{lasted_s:.2f} s")
    assert lasted_s < 3


async def test_what_a_killed_process_had_comes_back_at_once_to_one_that_stands(start: Start, url: str) -> None:
    child = start(carry, url, **HANGING)
    await told(child, "ready")
    async with standing(url) as stage:
        for number in range(10):
            await stage.bus.publish("order.placed", Order(number))
        await told(child, "begun")
        other = start(carry, url, waits_s=0)
        await told(other, "ready")

        child.kill()
        began_s = time.monotonic()
        await told(other, "done", 10)

    print(f"{time.monotonic() - began_s:.2f} s")
    assert time.monotonic() - began_s < 8  # it looks after others every 5 s


@pytest.mark.parametrize("lease_s", [2, 40])
async def test_what_a_process_of_another_machine_had_comes_back_after_its_lease(
    start: Start, sqlite_url: str, lease_s: int
) -> None:
    settings = {"EVENT_BUS_LEASE_S": str(lease_s)}
    await killed_while_it_handles(start, sqlite_url, **settings)
    db = await opened_db(sqlite_url)
    await db.execute("UPDATE _event_workers SET host = 'of another machine' WHERE subscribes <> '[]'")
    await db.on_shutdown()

    lasted_s = await taken_over_s(start, sqlite_url, **settings)

    print(f"lease {lease_s} s: {lasted_s:.2f} s")
    assert lease_s / 2 < lasted_s < (60 if lease_s == 40 else lease_s + 4)


async def test_an_outage_longer_than_the_lease_makes_nobody_dead(
    start: Start, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """All are blind for that while: when they see again, nobody has had a chance to give a sign of life."""
    caplog.set_level(logging.WARNING)
    lives = [start(carry, sqlite_url, settings=SHORT, timeout=1.4) for _ in range(2)]
    for child in lives:
        await told(child, "ready")
    async with standing(sqlite_url, **SHORT) as stage:
        await asyncio.sleep(1)
        names = set(await rows(stage, "SELECT worker FROM _event_workers"))
        async with stage.db.transaction():  # nobody else can write
            await stage.db.execute("INSERT INTO effects (n, attempt) VALUES (1, 1)")
            await asyncio.sleep(LEASE_S * 3)
        await asyncio.sleep(LEASE_S * 2)

        assert set(await rows(stage, "SELECT worker FROM _event_workers")) == names
