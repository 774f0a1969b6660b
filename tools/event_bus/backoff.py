"""How long to wait before the next attempt."""

import asyncio
import random

LONGEST_S = 60.0
LONGEST_REST_S = 2.0


def backoff_s(first_s: float, attempt: int, part: float) -> float:
    """Seconds to wait after a failed attempt: a random part, so that many that failed at once do not return at once.

    Source: "Exponential backoff and jitter", AWS Architecture Blog, 2015 (full jitter).

    >>> backoff_s(0.5, 1, 1.0), backoff_s(0.5, 3, 1.0), backoff_s(0.5, 3, 0.25)
    (0.5, 2.0, 0.5)
    >>> backoff_s(0.5, 5000, 1.0)
    60.0
    """
    return part * min(LONGEST_S, first_s * 2.0 ** min(attempt - 1, 32))


async def rest(first_s: float, failures: int, least: float = 0.5) -> None:
    """Wait before what the bus itself has to do is tried again: never long, as it is what everything waits for.

    Args:
        first_s: seconds after the first failure, doubled for each further one.
        failures: how many there were in a row.
        least: the part that is waited in any case; the rest of it is random.
    """
    await asyncio.sleep(min(LONGEST_REST_S, backoff_s(first_s, failures, random.uniform(least, 1))))
