"""Purges what all groups of an event have had, and what no group was there for."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tools.event_bus.brokers.nats.link import Link

if TYPE_CHECKING:
    from nats.js.kv import KeyValue


class Sweep:
    """One stream's, with its bucket of places; all processes of an app may sweep, side by side."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._purged: dict[str, int] = {}

    async def run(self, link: Link, places: "KeyValue") -> None:
        """Purge once. What was sent last is asked for first: a group that is new meanwhile begins behind that."""
        js = link.jetstream
        info = await js.stream_info(self._stream, subjects_filter=f"{self._stream}.>")
        slowest = await self._slowest(link, places)
        for subject in info.state.subjects or {}:
            event = subject.removeprefix(f"{self._stream}.")
            had = slowest.get(event, info.state.last_seq)
            is_known = had <= info.state.last_seq  # not in a stream that has lost its end
            if is_known and had > self._purged.get(event, 0):
                await js.purge_stream(self._stream, seq=had + 1, subject=subject)
                self._purged[event] = had

    async def _slowest(self, link: Link, places: "KeyValue") -> Mapping[str, int]:
        """How far each event's slowest group is."""
        from nats.js.errors import KeyNotFoundError

        bucket = f"$KV.{self._stream}_places."
        info = await link.jetstream.stream_info(f"KV_{self._stream}_places", subjects_filter=f"{bucket}>")
        slowest: dict[str, int] = {}
        for subject in info.state.subjects or {}:
            key = subject.removeprefix(bucket)
            event = key.partition(".")[0]
            try:
                entry = await places.get(key)
            except KeyNotFoundError:
                continue  # deleted by hand
            position = int(json.loads(entry.value or b"{}")["position"])
            slowest[event] = min(position, slowest.get(event, position))
        return slowest
