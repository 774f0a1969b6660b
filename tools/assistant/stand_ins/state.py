"""`state`, which while a call is rehearsed keeps changes to itself: nobody else sees them, in memory or in Redis."""

import time
from typing import Any

import msgspec

from tools.assistant.rehearsal import Rehearsal, rehearsed


class StateStandIn:
    """Keeps `State`; `prefix` tells the keys of one namespace from those of another."""

    def __init__(self, state: Any, prefix: str = "") -> None:
        self._state, self._prefix = state, prefix

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    async def get(self, key: str, default: object = None) -> Any:
        rehearsal = rehearsed()
        if rehearsal is None or (kept := self._kept(rehearsal, key)) is None:
            return await self._state.get(key, default)
        return default if kept[0] is None else msgspec.msgpack.decode(kept[0])

    async def set(self, key: str, value: object, *, ttl: float | None = None) -> None:
        rehearsal = rehearsed()
        if rehearsal is None:
            await self._state.set(key, value, ttl=ttl)
            return
        if ttl is not None and not ttl > 0:
            raise ValueError(f"state got ttl={ttl!r}: give seconds above 0, or None for ever")
        self._keep(rehearsal, key, msgspec.msgpack.encode(value), None if ttl is None else time.monotonic() + ttl)

    async def delete(self, key: str) -> bool:
        rehearsal = rehearsed()
        if rehearsal is None:
            gone: bool = await self._state.delete(key)
            return gone
        missing = object()
        was_there = await self.get(key, missing) is not missing
        self._keep(rehearsal, key, None, None)
        return was_there

    async def increment(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
        rehearsal = rehearsed()
        if rehearsal is None:
            counted: int = await self._state.increment(key, by, ttl=ttl)
            return counted
        held = await self.get(key)
        if type(by) is not int or not (held is None or type(held) is int):
            raise TypeError(f"state cannot add to {key!r}: it holds no integer, or is given none")
        left = await self.ttl(key) if held is not None else ttl
        total: int = (held or 0) + by
        ends = None if left is None else time.monotonic() + left
        self._keep(rehearsal, key, msgspec.msgpack.encode(total), ends)
        return total

    async def ttl(self, key: str) -> float | None:
        rehearsal = rehearsed()
        if rehearsal is None or (kept := self._kept(rehearsal, key)) is None:
            left: float | None = await self._state.ttl(key)
            return left
        return None if kept[1] is None else kept[1] - time.monotonic()

    def namespace(self, name: str) -> "StateStandIn":
        return StateStandIn(self._state.namespace(name), f"{self._prefix}{len(name)}:{name}/")

    def _kept(self, rehearsal: Rehearsal, key: str) -> tuple[bytes | None, float | None] | None:
        """Answer with what this call wrote to a key; None for nothing."""
        kept = rehearsal.state.get(self._prefix + key)
        return (None, None) if kept and kept[1] is not None and kept[1] <= time.monotonic() else kept

    def _keep(self, rehearsal: Rehearsal, key: str, value: bytes | None, ends: float | None) -> None:
        rehearsal.check()
        rehearsal.state[self._prefix + key] = value, ends
