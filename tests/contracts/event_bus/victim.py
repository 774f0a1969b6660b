"""A process that handles an event of its group and is killed while it does, by itself and without a last word.

Run as `python -m tests.contracts.event_bus.victim <work> <database> <bus> <retries>`.
"""

import asyncio
import logging
import os
import signal
import sys
from typing import Any

from tests.contracts.event_bus.plugins import subscribe
from tests.contracts.event_bus.works import Home


async def die(_payload: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(name: str, db_url: str, bus_url: str, retries: int) -> None:
    home = Home(name, db_url, bus_url)
    bus = await home.boot(EVENT_BUS_LEASE_S="1")
    subscribe(bus, "said", die, group="g", retries=retries, backoff=0, timeout=0.9)
    await bus.on_ready()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable()
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
