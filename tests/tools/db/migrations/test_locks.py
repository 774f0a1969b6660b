"""Who waits for the lock of migrations on PostgreSQL is told who has it, and nobody waits for ever unseen."""

import asyncio

import asyncpg
import pytest

from tests.tools.db.migrations.stage import PostgresStage
from tools.db.contract import MigrationError

ITEMS = "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);"


async def test_the_one_who_waits_is_told_who_has_the_lock(on_postgres: PostgresStage) -> None:
    slow = "-- engine: postgresql\nSELECT pg_sleep(3.5);"
    on_postgres.write({"a/001_items": ITEMS, "a/002_slow": slow})
    first = asyncio.ensure_future(on_postgres.apply())
    await asyncio.sleep(0.5)

    told = await on_postgres.apply()

    assert await first == [
        "applied domains/a/migrations/001_items.sql",
        "applying domains/a/migrations/002_slow.sql, 2 s",
        "applied domains/a/migrations/002_slow.sql",
    ]
    (line,) = told
    assert line.startswith("waiting for the lock of migrations, which is with migrations of ")
    assert "backend" in line
    assert line.endswith(" s, 2 s")


async def test_a_boot_that_is_cut_while_it_waits_says_for_whom(on_postgres: PostgresStage) -> None:
    on_postgres.write({"a/001_items": ITEMS, "a/002_slow": "-- engine: postgresql\nSELECT pg_sleep(60);"})
    first = asyncio.ensure_future(on_postgres.apply())
    await asyncio.sleep(0.5)

    with pytest.raises(MigrationError) as waited:
        async with asyncio.timeout(0.5):
            await on_postgres.apply()
    first.cancel()
    with pytest.raises(MigrationError) as interrupted:
        await first

    assert str(waited.value).startswith("waiting for the lock of migrations, which is with migrations of ")
    assert "was interrupted, and nothing more was applied: if that was the limit of the boot" in str(waited.value)
    assert str(interrupted.value) == (
        "domains/a/migrations/002_slow.sql was interrupted and rolled back: "
        "if that was the limit of the boot, run `python -m manifest migrate`, which has none"
    )
    assert await on_postgres.query("SELECT count(*) AS n FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") == [
        {"n": 0}
    ]


async def test_an_index_is_built_concurrently_while_others_wait_for_the_lock(on_postgres: PostgresStage) -> None:
    await on_postgres.apply({"a/001_items": ITEMS})
    on_postgres.write(
        {"a/002_index": "-- transaction: none\nSELECT pg_sleep(0.5);\nCREATE INDEX CONCURRENTLY i ON items (name);"}
    )

    async with asyncio.timeout(20):
        told = await asyncio.gather(*(on_postgres.apply() for _ in range(4)))

    assert sorted(map(len, told)) == [0, 0, 0, 1]


async def test_a_connection_that_is_lost_half_way_is_said_and_rolled_back(on_postgres: PostgresStage) -> None:
    on_postgres.write({"a/001_items": ITEMS + "SELECT pg_sleep(60);"})
    first = asyncio.ensure_future(on_postgres.refusal())
    await asyncio.sleep(0.5)

    await on_postgres.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name LIKE 'migrations of %' AND datname = current_database()"
    )

    message = await first
    assert message.startswith(
        "domains/a/migrations/001_items.sql lost its connection, and what was not committed is rolled back: "
    )
    assert message.endswith(": once the server is back, run `python -m manifest migrate`")
    assert await on_postgres.tables() == {"_migrations"}


async def test_a_time_limit_of_the_server_does_not_end_a_migration(on_postgres: PostgresStage) -> None:
    connection = await asyncpg.connect(on_postgres.url)
    name = on_postgres.url.partition("?")[0].rpartition("/")[2]
    await connection.execute(f"ALTER DATABASE {name} SET statement_timeout = '100ms'")
    await connection.close()

    assert len(await on_postgres.apply({"a/001_slow": "SELECT pg_sleep(0.4);"})) == 1
