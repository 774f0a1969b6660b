"""The work that has forms."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contracts.http.forms.parts import Boot
from tests.contracts.http_served import Served, serve


@pytest_asyncio.fixture(params=["tools.http"])
async def boot(request: pytest.FixtureRequest) -> AsyncIterator[Boot]:
    served: list[Served] = []

    async def booted(**environ: str) -> Served:
        served.append(await serve(request.param, environ))
        return served[-1]

    yield booted
    for one in served:
        await one.client.aclose()


@pytest_asyncio.fixture
async def http(boot: Boot) -> Served:
    served: Served = await boot()
    return served
