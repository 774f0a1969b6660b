"""What children do until they are killed."""

import asyncio
import contextlib
import itertools
import os
import random
import signal
import time
from typing import Any

from msgspec import Struct

from tests.tools.event_bus.torture.children import Teller
from tests.tools.event_bus.torture.stage import Stage, booted, subscribe
from tools.event_bus.contract import Envelope

LANES = 6
_EFFECT = "INSERT INTO effects (n, attempt) VALUES (?, ?)"


class Order(Struct):
    """The payload of all events here."""

    n: int


def lane_of(number: int) -> str:
    """Give the key of a number: every sixth has none."""
    return f"k{lane}" if (lane := number % LANES) else ""


async def place(stage: Stage, number: int) -> None:
    """Store a business row and its event, in one transaction."""
    async with stage.db.transaction():
        await stage.db.execute("INSERT INTO orders (n, lane) VALUES (?, ?)", (number, lane_of(number)))
        await stage.bus.publish("order.placed", Order(number), key=lane_of(number))


async def shop(teller: Teller, url: str, first: int, *, transactional: bool, is_selling: bool = True) -> None:
    """Place orders and deliver them, on and on; tell each order that is acknowledged, and each effect."""
    stage = await booted(url)

    async def deliver(order: Order, envelope: Envelope) -> None:
        await stage.db.execute(_EFFECT, (order.n, envelope.attempt))

    async def sell(numbers: Any) -> None:
        for number in numbers:
            await place(stage, number)
            teller.tell("placed", number)
            await asyncio.sleep(random.random() * 0.02)

    subscribe(stage, "order.placed", deliver, transactional=transactional)
    await stage.hooks.on_ready()
    teller.tell("ready")
    if is_selling:
        async with asyncio.TaskGroup() as sellers:
            for lane in range(LANES):  # one for each: what is published at the same time has no order
                sellers.create_task(sell(itertools.count(first + lane, LANES)))
    await asyncio.Event().wait()


async def taste(teller: Teller, url: str, kind: str, poison: int, **how: Any) -> None:
    """Handle orders, of which one is poison, in a way of its own; tell each attempt, and how it ended."""
    stage = await booted(url)

    async def swallow(order: Order, envelope: Envelope) -> None:
        teller.tell("begun", order.n, envelope.attempt)
        try:
            if order.n == poison:
                await POISONS[kind]()
            elif how.get("transactional"):
                await stage.db.execute(_EFFECT, (order.n, envelope.attempt))
        except BaseException:
            teller.tell("failed", order.n, envelope.attempt)
            raise
        teller.tell("done", order.n, envelope.attempt)

    def swallow_in_thread(order: Order, envelope: Envelope) -> None:
        teller.tell("begun", order.n, envelope.attempt)
        if order.n == poison:
            time.sleep(LONG_S)
            teller.tell("failed", order.n, envelope.attempt)
        else:
            teller.tell("done", order.n, envelope.attempt)

    subscribe(stage, "order.placed", swallow_in_thread if kind == "hangs in a thread" else swallow, **how)
    await stage.hooks.on_ready()
    teller.tell("ready")
    await asyncio.Event().wait()


LONG_S = 0.8


async def _raises() -> None:
    raise ValueError("poison")


async def _exits() -> None:
    os._exit(7)


async def _hangs() -> None:
    await asyncio.Event().wait()


POISONS = {"raises": _raises, "exits": _exits, "hangs": _hangs}


async def carry(
    teller: Teller, url: str, *, is_freezing: bool = False, has_effect: bool = False, waits_s: float = 0.002, **how: Any
) -> None:
    """Handle orders and tell when each begins and ends; a freezing one stops its process in the midst of its first."""
    settings = how.pop("settings", {})
    stage = await booted(url, **settings)

    async def deliver(order: Order, envelope: Envelope) -> None:
        teller.tell("begun", order.n, envelope.attempt)
        await asyncio.sleep(random.random() * waits_s)
        if how.get("transactional") or has_effect:
            await stage.db.execute(_EFFECT, (order.n, envelope.attempt))
        if is_freezing and envelope.attempt == 1 and order.n == 0:
            os.kill(os.getpid(), signal.SIGSTOP)  # until somebody else lets it go on
        teller.tell("done", order.n, envelope.attempt)

    subscribe(stage, "order.placed", deliver, **how)
    await stage.hooks.on_ready()
    teller.tell("ready")
    await asyncio.Event().wait()


async def in_jumping_time(teller: Teller, url: str, jump_file: str, kind: str, delay_s: float = 0) -> None:
    """Publish and handle while `time.time` is moved by the seconds that a file says."""
    true_time = time.time

    def moved_time() -> float:
        with contextlib.suppress(OSError, ValueError), open(jump_file) as file:
            return true_time() + float(file.read())
        return true_time()

    time.time = moved_time
    stage = await booted(url, EVENT_BUS_LEASE_S="1")

    async def handle(order: Order, envelope: Envelope) -> None:
        teller.tell("begun", order.n, envelope.attempt)
        if kind == "hang":
            await asyncio.Event().wait()

    subscribe(stage, "order.placed", handle, timeout=0.5, retries=2, backoff=0.2)
    await stage.hooks.on_ready()
    name = (await stage.db.query("SELECT worker FROM _event_workers ORDER BY beat, worker"))[0]["worker"]
    for number in range(300 if kind == "flow" else 0 if kind == "take over" else 1):
        await stage.bus.publish("order.placed", Order(os.getpid() * 1_000 + number if kind == "flow" else number),
                                delay=delay_s)  # fmt: skip
        teller.tell("published", number)
        await asyncio.sleep(0.01 if kind == "flow" else 0)
    if kind == "delay":
        await _count_statements(stage, teller)
        await stage.bus.publish("order.placed", Order(1))
    while await stage.bus.pending():
        await asyncio.sleep(0.05)
    if not [row for row in await stage.db.query("SELECT worker FROM _event_workers") if row["worker"] == name]:
        teller.tell("renamed")
    if await stage.bus.dead_letters():
        teller.tell("dead")
    teller.tell("settled")
    await asyncio.Event().wait()


async def _count_statements(stage: Stage, teller: Teller) -> None:
    """Tell how many queries its bus makes in a second."""
    count, query = 0, stage.db.query

    async def counted(*asked: Any, **how: Any) -> list[Any]:
        nonlocal count
        count += 1
        rows: list[Any] = await query(*asked, **how)
        return rows

    stage.db.query = counted  # type: ignore[method-assign]
    await asyncio.sleep(2)
    count = 0
    await asyncio.sleep(1)
    teller.tell("polls", count)
    del stage.db.query
