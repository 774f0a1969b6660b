"""Runs a handler again when a tool says that nothing of it was done, and that it may succeed at once.

So does a transaction of PostgreSQL that met another one, where SQLite would have let it wait. Whoever gets the 503
would send the request again: here that costs no round trip.
"""

import asyncio
import random

from hookspecs import Refusal, stored

MOST_RUNS = 25
LONGEST_PAUSE_S = 0.1


async def next_run(refusal: Refusal, run: int) -> int:
    """Wait before a handler's next run, a random time so that those who met do not meet again; `run` was its number.

    Raises:
        Refusal: it is not to be run again: something was done, or it was tried often enough.
    """
    if not refusal.runs_again or stored.get() or run >= MOST_RUNS:
        raise refusal
    await asyncio.sleep(random.random() * min(LONGEST_PAUSE_S, 0.002 * 2 ** min(run, 10)))
    return run + 1
