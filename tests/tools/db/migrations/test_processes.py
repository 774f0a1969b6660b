"""Several processes on one database: they migrate once, and one that is killed half-way leaves nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.tools.db.migrations.stage import Stage
from tests.tools.db.standing import ROOT

SEEDS = {
    "a/001_seeds": "CREATE TABLE seeds (x INTEGER NOT NULL);",
    **{
        f"a/{n:03}_more": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100000) "
        "INSERT INTO seeds SELECT x FROM c;"
        for n in range(2, 6)
    },
}
FOR_EVER = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) INSERT INTO seeds SELECT x FROM c;"
RUN = """
import asyncio, pathlib, sys
from tests.tools.db.migrations.stage import PostgresStage, SqliteStage

kind = SqliteStage if sys.argv[2].startswith("sqlite") else PostgresStage
stage = kind(pathlib.Path(sys.argv[1]), sys.argv[2])

async def main():
    async with stage.migrations() as migrations:
        print("at work", flush=True)
        print(await migrations.apply(print))

asyncio.run(main())
"""


def process(stage: Stage) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(stage.root), stage.url],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(is_true: Callable[[], bool], limit_s: float = 20.0) -> None:
    end = time.monotonic() + limit_s
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
async def test_six_processes_that_start_at_once_migrate_once(stage: Stage) -> None:
    stage.write(SEEDS)

    processes = [process(stage) for _ in range(6)]

    shown = [one.communicate(timeout=50)[0].splitlines() for one in processes]
    assert [one.returncode for one in processes] == [0] * 6, shown
    assert sum(int(lines[-1]) for lines in shown) == 5
    applied = [line for lines in shown for line in lines if line.startswith("applied")]
    assert sorted(applied) == [f"applied domains/{name.replace('/', '/migrations/')}.sql" for name in sorted(SEEDS)]
    assert await stage.query("SELECT count(*) AS n FROM seeds") == [{"n": 400_000}]
    assert len(await stage.ledger()) == 5


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.3, 0.6, 1.0])
async def test_a_process_that_is_killed_half_way_leaves_nothing(stage: Stage, after_s: float) -> None:
    stage.write({"a/001_seeds": SEEDS["a/001_seeds"], "a/002_ever": f"CREATE TABLE half (x INTEGER);{FOR_EVER}"})
    one = process(stage)
    assert one.stdout is not None
    wait_for(lambda: "applied domains/a/migrations/001_seeds.sql" in str(one.stdout and one.stdout.readline()))
    time.sleep(after_s)

    one.send_signal(signal.SIGKILL)
    assert one.wait() == -signal.SIGKILL
    one.stdout.close()

    stage.write({"a/002_ever": "CREATE TABLE half (x INTEGER);"})
    assert await stage.apply() == ["applied domains/a/migrations/002_ever.sql"]
    assert await stage.query("SELECT count(*) AS n FROM seeds") == [{"n": 0}]
    assert await stage.ledger() == ["a/001_seeds", "a/002_ever"]
