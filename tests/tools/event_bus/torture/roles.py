"""What children do until they are killed."""

import asyncio
import itertools
import os
import random
import signal
from typing import Any

from msgspec import Struct

from tests.tools.event_bus.torture.children import Teller
from tests.tools.event_bus.torture.stage import Stage, booted, ended, subscribe
from tools.event_bus.contract import Envelope

KEYS = 8
PUBLISHERS = 6
_EFFECT = "INSERT INTO effects (n, attempt) VALUES (?, ?)"


class Order(Struct):
    """The payload of all events here."""

    n: int


def lane_of(number: int) -> str:
    """Give the key of a number: every third has none."""
    return "" if number % 3 == 0 else f"k{number % KEYS}"


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
        numbers = itertools.count(first)
        async with asyncio.TaskGroup() as sellers:
            for _ in range(PUBLISHERS):
                sellers.create_task(sell(numbers))
    await asyncio.Event().wait()
