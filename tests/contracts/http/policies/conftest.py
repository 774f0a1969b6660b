"""A work of http, and where it keeps."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contracts.http.policies.callers import Clock, Counted
from tests.contracts.http_served import Served, hook, serve
from tools.state.contract import State
from tools.state.memory_state import MemoryState
from tools.state.memory_store import MemoryStore
from tools.state.settings import StateSettings


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {"HTTP_BODY_TIMEOUT_S": "0.05"})
    yield served
    await served.client.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> State:
    return MemoryState(StateSettings(), MemoryStore(clock))


@pytest.fixture
def kept_in_state(http: Served, state: State) -> None:
    with hook():
        http.http.keep_in(state.namespace("http"))


@pytest.fixture
def counted() -> Counted:
    return Counted()
