"""`event_bus`, which while a call is rehearsed notes what would be sent, and sends nothing."""

from collections.abc import Awaitable
from typing import Any
from uuid import uuid4

import msgspec

from tools.assistant.rehearsal import Held, Rehearsal, rehearsed


class NobodyIsAskedError(RuntimeError):
    """A rehearsed call that asks for an answer ends here: its responder works outside of the transaction."""


class BusStandIn:
    """Keeps `EventBus`."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def publish(self, event: str, payload: object, **options: Any) -> Awaitable[str]:
        rehearsal = rehearsed()
        if rehearsal is None:
            sent: Awaitable[str] = self._bus.publish(event, payload, **options)
            return sent
        return self._held(rehearsal, event, payload, options)

    def request(self, event: str, payload: object, timeout: float = 5, *, into: type | None = None) -> Awaitable[Any]:
        rehearsal = rehearsed()
        if rehearsal is None:
            answer: Awaitable[Any] = self._bus.request(event, payload, timeout, into=into)
            return answer
        return _unasked(rehearsal, event, payload)

    async def replay(self, id: int) -> bool:
        return await self._letter("replay", id)

    async def drop(self, id: int) -> bool:
        return await self._letter("drop", id)

    async def _letter(self, verb: str, id: int) -> bool:
        rehearsal = rehearsed()
        if rehearsal is None:
            done: bool = await getattr(self._bus, verb)(id)
            return done
        found = await self._bus.dead_letters(after=id - 1, limit=1)
        is_there = bool(found) and found[0].id == id and (verb == "drop" or found[0].state == "dead")
        if is_there:
            rehearsal.add(Held(verb, found[0].event, {"dead_letter": id}))
        return is_there

    async def _held(self, rehearsal: Rehearsal, event: str, payload: object, options: dict[str, Any]) -> str:
        more = ", ".join(f"{name}={value!r}" for name, value in options.items() if value and name != "headers")
        rehearsal.add(Held("publish", event, _copied(payload), more))
        return f"rehearsed-{uuid4().hex}"


async def _unasked(rehearsal: Rehearsal, event: str, payload: object) -> Any:
    rehearsal.add(Held("request", event, _copied(payload)))
    raise NobodyIsAskedError(f"a rehearsal requests nothing: who replies to {event!r} works outside of the transaction")


def _copied(payload: object) -> object:
    """Copy it as a listener would get it; what is no JSON raises, as it would."""
    return msgspec.json.decode(msgspec.json.encode(payload))
