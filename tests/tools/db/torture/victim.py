"""A process that writes in every way and says so after each answer, until it is killed.

    test --fork server--> victim: boots db, writes on and on
                          victim --"7\n" (7 is stored)--> pipe

The fork server has all imported, so that a victim costs a fork and a boot.
"""

import asyncio
import itertools
import multiprocessing
import os
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from tests.tools.db.torture.engines import standing
from tests.tools.db.torture.workload import WRITES, Write, autocommit, many, two_tables

AT_ONCE: tuple[Write, ...] = (autocommit, many, two_tables) * 4


def started(url: str, first: int) -> tuple[ForkServerProcess, Connection]:
    """Start a victim whose numbers begin with `first`; give it, and the end of the pipe to read."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.tools.db.torture.victim", "tools.db.sqlite.engine"])
    told, tells = context.Pipe(duplex=False)
    process = context.Process(target=run, args=(url, first, tells), daemon=True)
    process.start()
    tells.close()
    return process, told


def run(url: str, first: int, tells: Connection) -> None:
    asyncio.run(write_for_ever(url, first, tells))


async def write_for_ever(url: str, first: int, tells: Connection) -> None:
    """Write: some at once, so that commits may be shared, then one of each kind in turn."""
    async with standing(url) as db:
        numbers = itertools.count(first)
        while True:
            async with asyncio.TaskGroup() as group:
                for write in AT_ONCE:
                    group.create_task(acknowledge(db, write, next(numbers), tells))
            for write in WRITES:
                await acknowledge(db, write, next(numbers), tells)


async def acknowledge(db: Any, write: Any, number: int, tells: Connection) -> None:
    """Say that it is stored, once db did; a conflict is as good as not asked."""
    try:
        await write(db, number)
    except Exception as error:
        if not getattr(error, "retry_after_s", None):
            raise
    else:
        os.write(tells.fileno(), b"%d\n" % number)


def read_all(told: Connection, data: bytes) -> set[int]:
    """Give the numbers that a victim has told until its death, `data` first; a line that is cut was not told."""
    while piece := os.read(told.fileno(), 65_536):
        data += piece
    return {int(line) for line in data.split(b"\n")[:-1]}
