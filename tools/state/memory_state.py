"""The `state` of one process."""

import asyncio
import contextvars
import math
from typing import Any

from hookspecs import hookimpl
from tools.state.contract import State, StateFullError
from tools.state.memory_store import Entry, MemoryStore, Path
from tools.state.settings import StateSettings
from tools.state.values import LARGEST, SMALLEST, check_held, check_step, decode, encode, too_large

SWEPT_AT_ONCE = 1_000  # about 1 ms: then requests have their turn


class MemoryState:
    """One namespace of a store, the kernel's being the one of no name. No method awaits, so each is atomic."""

    def __init__(self, settings: StateSettings, store: MemoryStore, names: Path = ()) -> None:
        self._settings, self._store, self._names = settings, store, names
        self._sweeper: asyncio.Task[None] | None = None

    @hookimpl
    async def on_ready(self) -> None:
        # a context of its own: what is current at boot is not what is swept for
        self._sweeper = asyncio.create_task(self._sweep(), name="state-sweeper", context=contextvars.Context())

    @hookimpl
    async def on_shutdown(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])

    def namespace(self, name: str) -> State:
        return MemoryState(self._settings, self._store, (*self._names, name))

    async def get(self, key: str, default: object = None) -> Any:
        entry = self._store.find((*self._names, key))
        return default if entry is None else decode(entry.encoded)

    async def set(self, key: str, value: object, *, ttl: float | None = None) -> None:
        self._put(key, value, self._store.end(ttl))

    async def delete(self, key: str) -> bool:
        return self._store.drop((*self._names, key))

    async def increment(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
        ends_at = self._store.end(ttl)
        entry = self._store.find((*self._names, key))
        held = 0
        if entry is not None:
            held, ends_at = decode(entry.encoded), entry.ends_at
        check_step(key, by)
        check_held(key, held)
        if not SMALLEST <= held + by <= LARGEST:
            raise too_large(key)
        self._put(key, held + by, ends_at)
        return held + by

    async def ttl(self, key: str) -> float | None:
        entry = self._store.find((*self._names, key))
        return None if entry is None or entry.ends_at == math.inf else self._store.left_s(entry)

    def _put(self, key: str, value: object, ends_at: float) -> None:
        encoded = encode(key, value)
        path = (*self._names, key)
        if self._store.find(path) is None and len(self._store) >= self._settings.state_max_keys:
            self._store.sweep(SWEPT_AT_ONCE)
            if len(self._store) >= self._settings.state_max_keys:
                raise StateFullError(self._settings.state_sweep_s)
        self._store.put(path, Entry(encoded, ends_at))

    async def _sweep(self) -> None:
        while True:
            is_more = self._store.sweep(SWEPT_AT_ONCE)
            await asyncio.sleep(0 if is_more else self._settings.state_sweep_s)
