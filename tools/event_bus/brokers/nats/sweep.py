"""Purges what all groups of an event have had, and what no group was there for."""

from tools.event_bus.brokers.nats.link import Link
from tools.event_bus.brokers.nats.position import made_at


class Sweep:
    """One stream's; all processes of an app may sweep it, side by side."""

    def __init__(self, stream: str) -> None:
        self._stream, self._made = stream, ""
        self._purged: dict[str, int] = {}

    async def run(self, link: Link) -> None:
        """Purge once. What was sent last is asked for first: a group that is new meanwhile begins behind that."""
        info = await link.jetstream.stream_info(self._stream, subjects_filter=f"{self._stream}.>")
        if made_at(info) != self._made:
            self._made, self._purged = made_at(info), {}
        slowest = await link.places.slowest(info)
        for subject in info.state.subjects or {}:
            event = subject.removeprefix(f"{self._stream}.")
            had = slowest.get(event, info.state.last_seq)
            if had > self._purged.get(event, 0):
                await link.jetstream.purge_stream(self._stream, seq=had + 1, subject=subject)
                self._purged[event] = had
