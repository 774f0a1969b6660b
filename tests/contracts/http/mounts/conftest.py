"""The work that mounts."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contracts.http_served import Served, serve


@pytest_asyncio.fixture(params=["tools.http"])
async def http(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    served = await serve(request.param, {})
    yield served
    await served.client.aclose()
