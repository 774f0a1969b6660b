"""`db` at the end of a cable."""

from collections.abc import AsyncIterator

import pytest

from tests.contracts.db.people import standing
from tests.tools.db.postgres.cable import Cable, cable
from tools.db.contract import Db


@pytest.fixture
async def wire(postgres_url: str) -> AsyncIterator[Cable]:
    async with cable(postgres_url) as laid:
        yield laid


@pytest.fixture
async def db(wire: Cable) -> AsyncIterator[Db]:
    async with standing(wire.url, DB_POOL_SIZE="3") as work:
        await work.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)")
        yield work
