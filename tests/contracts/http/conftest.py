"""The works of `http`, and what becomes of a test of a capability that one of them lacks."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.contracts.http_served import Boot, Served, make, serve
from tools.http.contract import RouteError

WORKS = ("tools.http", "tools.http_plain")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "capability(*names): what this test asks of a work of http; one without refuses")


@pytest_asyncio.fixture(params=WORKS)
async def boot(request: pytest.FixtureRequest) -> AsyncIterator[Boot]:
    """Boot a work on the given settings."""
    served: list[Served] = []

    async def booted(**environ: str) -> Served:
        served.append(await serve(request.param, environ))
        return served[-1]

    yield booted
    for one in served:
        await one.client.aclose()


@pytest_asyncio.fixture
async def http(boot: Boot) -> Served:
    return await boot()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Run a test of a capability, on a work that lacks it, up to the refusal that it then must meet: none is skipped.

    `@pytest.mark.capability("mount")` says what the test registers beside plain endpoints.
    """
    marker = pyfuncitem.get_closest_marker("capability")
    work = pyfuncitem.callspec.params.get("boot") if hasattr(pyfuncitem, "callspec") else None
    lacking = set(marker.args) - make(str(work), {}).capabilities if marker and work else set()
    if not lacking:
        return (yield)
    names = "|".join(map(re.escape, sorted(lacking)))
    with pytest.raises(RouteError, match=f"asks http for '({names})', which {work} does not offer: set TOOL_HTTP="):
        yield
    return True  # type: ignore[return-value]  # pytest's own answer to "it has been called"
