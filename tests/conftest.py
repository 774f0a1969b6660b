"""What every test run says at its end: nothing is left out in silence. And a PostgreSQL for those that ask for it."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.postgres import drop_database, new_database, server, wiped

LEFT_OUT = pytest.StashKey[int]()


def pytest_testnodedown(node: Any) -> None:
    """Take the count from pytest-xdist's workers, which all collect the same tests, to where it is printed."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    config: Any = items[0].config
    config.stash[LEFT_OUT] = config.stash.get(LEFT_OUT, 0) + len(items)
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = config.stash[LEFT_OUT]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(f"left out: {count} tests; what CI runs: scripts/test --tier ci; all: --tier all")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server that may lose what it stored when it is killed; one for each of pytest-xdist's workers."""
    with server() as url:
        yield url


@pytest.fixture(scope="session")
def _one_database(postgres_server: str) -> Iterator[str]:
    url = asyncio.run(new_database(postgres_server))
    yield url
    asyncio.run(drop_database(url))


@pytest.fixture
async def postgres_url(_one_database: str) -> str:
    """The URL of an empty database."""
    return await wiped(_one_database)
