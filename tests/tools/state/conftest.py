"""A Redis, a proxy in front of it, and a `state` that reaches it through the proxy."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.proxy import Proxy, proxy
from tests.redis_server import RedisServer, server
from tests.tools.state.reach import Reach


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """One that no test ends."""
    with server() as made:
        yield made


@pytest.fixture
async def way(redis: RedisServer) -> AsyncIterator[Proxy]:
    async with proxy(redis.target) as laid:
        yield laid


@pytest.fixture
async def reach(way: Proxy) -> AsyncIterator[Reach]:
    """Booted, with a time-out of 0.3 s."""
    made = Reach(way)
    await made.state.on_boot()
    yield made
    await made.state.on_shutdown()
