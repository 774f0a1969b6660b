"""A process that writes in every way and says what it was told, on a disk that fails at times.

Run as `python -m tests.tools.db.torture.disk_writer <file> <writes>`; its lines are `up`, `ok 7`, `no 8 Unavailable`.
"""

import asyncio
import logging
import sys

from tests.tools.db.torture.engines import standing
from tests.tools.db.torture.workload import WRITES
from tools.db.contract import DbError


async def main(path: str, writes: int) -> None:
    async with standing(f"sqlite:///{path}") as db:
        print("up", flush=True)
        for number in range(1, writes + 1):
            try:
                await WRITES[number % len(WRITES)](db, number)
                print(f"ok {number}", flush=True)
            except DbError as error:
                print(f"no {number} {type(error).__name__}", flush=True)


if __name__ == "__main__":
    logging.disable()
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
