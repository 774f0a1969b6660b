"""Values that outlive a request and not the process: offers the tool `state`."""

import time
from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.state.contract import State
from tools.state.settings import StateSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `state`, in memory."""

    def factory(environ: Mapping[str, str]) -> State:
        from tools.state.memory_state import MemoryState
        from tools.state.memory_store import MemoryStore

        return MemoryState(msgspec.convert(environ, StateSettings, strict=False), MemoryStore(time.monotonic))

    yield Tool("state", State, StateSettings, factory)
