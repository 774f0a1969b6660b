"""Purges what all groups of an event have had, and what no group was there for."""

from tools.event_bus.brokers.nats.link import Link


class Sweep:
    """One stream's; all processes of an app may sweep it, side by side."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._purged: dict[str, int] = {}

    async def run(self, link: Link) -> None:
        """Purge once. What was sent last is asked for first: a group that is new meanwhile begins behind that."""
        info = await link.jetstream.stream_info(self._stream, subjects_filter=f"{self._stream}.>")
        slowest = await link.places.slowest()
        for subject in info.state.subjects or {}:
            event = subject.removeprefix(f"{self._stream}.")
            had = slowest.get(event, info.state.last_seq)
            is_known = had <= info.state.last_seq  # not in a stream that has lost its end
            if is_known and had > self._purged.get(event, 0):
                await link.jetstream.purge_stream(self._stream, seq=had + 1, subject=subject)
                self._purged[event] = had
