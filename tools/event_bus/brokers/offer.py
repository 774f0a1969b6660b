"""Offers packets until they are taken: the same ones, as what comes later must not overtake them."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from tools.event_bus.brokers.broker import Packet, Take
from tools.event_bus.brokers.upkeep import growing_waits

log = logging.getLogger(__name__)


async def offer(take: Take, packets: Sequence[Packet], receiver: str, is_over: Callable[[], bool]) -> bool:
    """Offer until taken; False where `is_over` was true before, and they come again from the broker."""
    is_said = False
    for wait_s in growing_waits():
        if is_over():
            break
        try:
            await take(packets)
        except Exception:
            if not is_said:
                log.exception("events: %d packets for %s were not taken, and come again", len(packets), receiver)
            is_said = True
        else:
            return True
        await asyncio.sleep(wait_s)
    return False
