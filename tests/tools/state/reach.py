"""A `state` that reaches its Redis through a proxy, and what it has open there."""

import asyncio
import os
import threading
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from tests.proxy import Proxy
from tools.state import register_tools
from tools.state.contract import StateUnavailableError

TIMEOUT_S = 0.3


def made(url: str, **settings: object) -> Any:
    """Make what the tool offers; a prefix of its own keeps its keys apart from those of other tests."""
    (tool,) = register_tools()
    named = {name.upper(): str(value) for name, value in settings.items()}
    return tool.factory({"STATE_URL": url, "STATE_PREFIX": uuid4().hex, **named})


class Reach:
    """A client with 5 connections at most, and a way that goes wrong."""

    def __init__(self, way: Proxy) -> None:
        self.way = way
        self.state = made(f"redis://127.0.0.1:{way.port}", state_timeout_s=TIMEOUT_S, state_connections=5)

    async def call(self) -> float:
        """Make a call that is refused; give the seconds that it took."""
        began = monotonic()
        with pytest.raises(StateUnavailableError) as caught:
            await self.state.increment("n")
        assert caught.value.status == 503 and caught.value.retry_after_s and caught.value.retry_after_s > 0
        return monotonic() - began

    async def is_back(self) -> None:
        """Wait until a call is answered: the circuit's wait may be on its way."""
        async with asyncio.timeout(8):
            while True:
                try:
                    await self.state.increment("n")
                    return
                except StateUnavailableError:
                    await asyncio.sleep(0.02)


def growing(way: Proxy) -> tuple[int, int]:
    """Count this process' tasks and threads, without those of the proxy."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name() != "proxy"]
    return len(tasks), threading.active_count()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))
