"""`event_bus` by each of its works: what passes with one passes with all; called through the contract and the hooks."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from tests.contracts.brokers.servers import KINDS, Server
from tests.contracts.event_bus.plugins import Work
from tests.contracts.event_bus.works import BROKERS, NAMES, Home
from tools.db.contract import Db

MINUTES = ("rabbitmq", "kafka")
CORE = {f"test_{name}.py" for name in ("order", "order_of_retries", "retries", "delay_ttl", "dead_letters", "processes",
                                       "transactional", "restart", "trace")}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what is not the core of the battery to the tier `all`, on brokers that take minutes for all of it."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and callspec.params.get("transport") in MINUTES and item.path.name not in CORE:
            item.add_marker(pytest.mark.longest)


@pytest.fixture(params=NAMES)
def transport(request: pytest.FixtureRequest) -> str:
    """The only thing that differs."""
    return str(request.param)


@pytest.fixture
def db_url(transport: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The application's database, of which a bus in memory may know too."""
    return str(request.getfixturevalue("postgres_url")) if transport == "postgres" else f"sqlite:///{tmp_path}/app.db"


@pytest.fixture(scope="session")
def broker_urls() -> Iterator[Callable[[str], str]]:
    """Give the URL of a broker's server, which is started when it is asked for first, and a prefix of its own."""
    with ExitStack() as servers:
        started = dict[str, Server]()

        def url(name: str) -> str:
            if name not in started:
                started[name] = servers.enter_context(KINDS[name].run())
            given = started[name].url
            return f"{given}{'&' if '?' in given else '?'}prefix=made{uuid4().hex[:12]}"

        yield url


@pytest.fixture
def bus_url(transport: str, broker_urls: Callable[[str], str]) -> str:
    if transport in BROKERS:
        return broker_urls(transport)
    return "memory://" if transport == "memory" else "db://"


@pytest.fixture
async def home(transport: str, db_url: str, bus_url: str) -> AsyncIterator[Home]:
    """What outlives a work: `boot` may be called several times, for a restart, or for processes side by side."""
    home = Home(transport, db_url, bus_url)
    yield home
    await home.close()


@pytest.fixture
async def bus(home: Home) -> Work:
    """One that is booted: a test subscribes, as plugins do in `on_boot`, and calls `on_ready` then."""
    return await home.boot()


@pytest.fixture
async def db(home: Home) -> Db:
    """The database of the application, which has a table for the effects of events."""
    return await home.open_db()


@pytest.fixture
async def stored_bus(home: Home, db: Db) -> Work:
    """A booted one that was given `db`: in memory too, where it stores nothing and waits for the commit."""
    return await home.boot(db)
