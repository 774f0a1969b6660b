"""The places of groups, in a bucket: key `<event>.<group>`, value `{event, group, holder, position}`."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from tools.event_bus.brokers.lane import Place
from tools.event_bus.brokers.nats.names import token
from tools.event_bus.brokers.nats.position import seq_of

if TYPE_CHECKING:
    from nats.js import JetStreamContext
    from nats.js.api import StreamInfo
    from nats.js.kv import KeyValue


class Places:
    """One bucket, on one connection."""

    def __init__(self, jetstream: "JetStreamContext", name: str) -> None:
        self._jetstream, self._name = jetstream, name
        self._bucket: KeyValue | None = None

    async def open(self, replicas: int) -> None:
        """Make the bucket where it is not there."""
        from nats.js.errors import BucketNotFoundError

        try:
            self._bucket = await self._jetstream.key_value(self._name)
        except BucketNotFoundError:
            self._bucket = await self._jetstream.create_key_value(bucket=self._name, replicas=replicas)

    async def create(self, event: str, group: str, position: str) -> None:
        """Make a place that is not there."""
        from nats.js.errors import KeyWrongLastSequenceError

        with suppress(KeyWrongLastSequenceError):  # another process was faster
            await self._opened.create(_key(event, group), _value(event, group, "", position))

    async def read(self, event: str, group: str) -> Place | None:
        """Read a place; None where it is not there."""
        from nats.js.errors import KeyNotFoundError

        try:
            entry = await self._opened.get(_key(event, group))
        except KeyNotFoundError:
            return None
        found = json.loads(entry.value or b"")
        return Place(found["holder"], found["position"], str(entry.revision))

    async def write(self, event: str, group: str, place: Place) -> Place | None:
        """Write over the place of that version; None where it has another one."""
        from nats.js.errors import KeyWrongLastSequenceError

        value = _value(event, group, place.holder, place.position)
        try:
            version = await self._opened.update(_key(event, group), value, last=int(place.version))
        except KeyWrongLastSequenceError:
            return None
        return place._replace(version=str(version))

    async def missing(self, groups: Mapping[str, set[str]]) -> list[tuple[str, str]]:
        """Tell which of event -> groups have no place."""
        known = set(await self._keys())  # those that were deleted are among them
        every = [(event, group) for event, names in groups.items() for group in names]
        old = [pair for pair in every if _key(*pair) in known]
        places = await asyncio.gather(*(self.read(*pair) for pair in old))
        there = {pair for pair, place in zip(old, places, strict=True) if place is not None}
        return [pair for pair in every if pair not in there]

    async def slowest(self, info: "StreamInfo") -> dict[str, int]:
        """How far the slowest group of each event is in that stream, by the event's token."""
        from nats.js.errors import KeyNotFoundError

        slowest: dict[str, int] = {}
        for key in await self._keys():
            event = key.partition(".")[0]
            with suppress(KeyNotFoundError):  # deleted by hand
                entry = await self._opened.get(key)
                position = seq_of(json.loads(entry.value or b"")["position"], info)
                slowest[event] = min(position, slowest.get(event, position))
        return slowest

    async def _keys(self) -> list[str]:
        info = await self._jetstream.stream_info(f"KV_{self._name}", subjects_filter=">")
        return [subject.removeprefix(f"$KV.{self._name}.") for subject in info.state.subjects or {}]

    @property
    def _opened(self) -> "KeyValue":
        assert self._bucket is not None, "it is opened when it is connected"
        return self._bucket


def _key(event: str, group: str) -> str:
    return f"{token(event)}.{token(group)}"


def _value(event: str, group: str, holder: str, position: str) -> bytes:
    return json.dumps({"event": event, "group": group, "holder": holder, "position": position}).encode()
