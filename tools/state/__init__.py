"""Values that outlive a request and not the process, or, in Redis, not Redis: offers the tool `state`."""

import time
from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.state.contract import State
from tools.state.settings import StateSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `state`, where `STATE_URL` says."""
    yield Tool("state", State, StateSettings, _made)


def _made(environ: Mapping[str, str]) -> State:
    settings = msgspec.convert(environ, StateSettings, strict=False)
    if settings.is_in_memory:
        from tools.state.memory_state import MemoryState
        from tools.state.memory_store import MemoryStore

        return MemoryState(settings, MemoryStore(time.monotonic))
    try:
        from tools.state.redis_link import RedisLink
        from tools.state.redis_state import RedisState
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "redis":
            raise
        raise RuntimeError('STATE_URL asks for Redis, which needs redis-py: .venv/bin/pip install ".[redis]"') from None
    return RedisState(settings, RedisLink(settings))
