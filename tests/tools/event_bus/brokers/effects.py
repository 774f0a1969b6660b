"""An application whose group `g` stores an effect of each event in its own database.

Run as `python -m tests.tools.event_bus.brokers.effects KIND URL DATABASE`; it says how many there are when it is ready.
"""

import asyncio
import logging
import sys

from tests.contracts.event_bus.plugins import subscribe
from tests.tools.event_bus.brokers.lines import stored
from tests.tools.event_bus.brokers.traffic import EVENT


async def main(kind: str, url: str, db_url: str) -> None:
    async with stored(kind, url, db_url) as home:
        db = await home.open_db()
        bus = await home.boot(db)

        async def store(number: int) -> None:
            await db.execute("INSERT INTO effects (note) VALUES (?)", (str(number),))
            await asyncio.sleep(0.002)

        subscribe(bus, EVENT, store, group="g", transactional=True)
        await bus.on_ready()
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable()
    asyncio.run(main(*sys.argv[1:]))
