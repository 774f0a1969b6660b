"""A process without a log that ends no event: `python -m tests.tools.event_bus.brokers.hanging URL`."""

import asyncio
import sys
from typing import Any

from tests.contracts.event_bus.plugins import subscribe
from tests.tools.event_bus.brokers.lines import unstored
from tests.tools.event_bus.brokers.traffic import EVENT


async def hang(_payload: Any) -> None:
    print("began", flush=True)
    await asyncio.Event().wait()


async def main(url: str) -> None:
    async with unstored(url) as home:
        bus = await home.boot()
        subscribe(bus, EVENT, hang, group="g")
        await bus.on_ready()
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
