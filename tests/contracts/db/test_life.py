"""The tool's life: nothing is open before the boot, settings are told, health is asked."""

import asyncio
from typing import Any

import msgspec
import pytest

from hookspecs import System
from tests.contracts.db.people import no_answers
from tools.db import register_tools
from tools.db.contract import Unavailable


async def test_nothing_is_open_before_the_boot(url: str) -> None:
    (tool,) = register_tools()
    work: Any = tool.factory({"DATABASE_URL": url})

    with pytest.raises(Unavailable, match="from on_boot to on_shutdown"):
        await work.query("SELECT 1")
    with pytest.raises(Unavailable, match="from on_boot to on_shutdown"):
        async with work.transaction():
            pass


async def test_nothing_is_open_after_the_shutdown(url: str) -> None:
    (tool,) = register_tools()
    work: Any = tool.factory({"DATABASE_URL": url})
    await work.on_boot(System(no_answers, []))
    await work.on_shutdown()

    with pytest.raises(Unavailable):
        await work.query("SELECT 1")


@pytest.mark.parametrize("environ", [{"DB_TIMEOUT_S": "0"}, {"DB_READERS": "many"}, {"DB_POOL_SIZE": "0"}])
def test_a_wrong_setting_is_told_as_msgspec_tells_it(environ: dict[str, str]) -> None:
    (tool,) = register_tools()

    with pytest.raises(msgspec.ValidationError, match=r"at `\$\.DB_"):
        tool.factory(environ)


async def test_it_is_well_while_a_transaction_is_under_way(db: Any) -> None:
    async with db.transaction(), asyncio.timeout(2):
        await db.execute("INSERT INTO teams (name) VALUES ('one')")

        await db.check_health()

    assert await db.query_one("SELECT name FROM teams") == {"name": "one"}
