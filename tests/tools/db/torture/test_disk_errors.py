"""R6: a disk that answers with errors. `strace` has the kernel refuse the N-th call of a process that writes.

Each N up to 40, and on: those of the boot one by one, a process each; those after it at a distance of three in one
process, so that good ones lie between, with three beginnings; and forty in a row.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tools.db.standing import ROOT
from tests.tools.db.torture.engines import standing
from tests.tools.db.torture.workload import SCHEMA, STORED, TORN, WRITES, numbers

WRITES_EACH = 60
FAULTS = {"fsync": "fdatasync:error=EIO", "full": "pwrite64:error=ENOSPC"}
LAST_OF_BOOT = 10
"""The memory that connections share is made with eight calls; the first write follows."""
TRACES = shutil.which("strace") and subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode == 0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TRACES, reason="strace is not there, or may not trace: .ci/run installs it"),
]


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """Make the tables while the disk is well."""
    async with standing(f"sqlite:///{tmp_path}/app.db") as db:
        for statement in SCHEMA:
            await db.execute(statement)
    return tmp_path / "app.db"


class Run(NamedTuple):
    is_up: bool
    stored: set[int]
    refused: dict[int, str]
    """What each write that was not stored was told."""
    code: int
    error: str
    """The last line of the traceback, if the process ended with one."""


def written_on(path: Path, fault: str, when: str) -> Run:
    """Let a process write while the calls that `when` names fail."""
    call = FAULTS[fault].partition(":")[0]
    strace = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={FAULTS[fault]}:when={when}"]
    writer = [sys.executable, "-m", "tests.tools.db.torture.disk_writer", str(path), str(WRITES_EACH)]
    done = subprocess.run([*strace, *writer], cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    lines = [line.split() for line in done.stdout.splitlines()]
    stored = {int(line[1]) for line in lines if line[0] == "ok"}
    refused = {int(line[1]): line[2] for line in lines if line[0] == "no"}
    return Run(["up"] in lines, stored, refused, done.returncode, (done.stderr.splitlines() or [""])[-1])


async def check_file(path: Path, run: Run) -> None:
    """See that it has what was acknowledged, not what was refused, nothing by halves, and that it takes more."""
    async with standing(f"sqlite:///{path}") as db:
        found = await numbers(db, STORED)
        refused = {number for number, error in run.refused.items() if error == "Unavailable"}
        assert (run.stored - found, refused & found, await numbers(db, TORN)) == (set(), set(), set())
        assert await db.query("SELECT * FROM pragma_integrity_check") == [{"integrity_check": "ok"}]
        for number, write in enumerate(WRITES, 1_000):
            await write(db, number)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("when", [str(number) for number in range(1, LAST_OF_BOOT + 1)])
async def test_one_that_fails_while_it_boots_is_told_or_overcome_and_the_next_boot_works(
    file: Path, fault: str, when: str
) -> None:
    run = written_on(file, fault, when)

    if run.is_up:
        assert len(run.stored) >= WRITES_EACH - 1
        await check_file(file, run)
    else:
        assert run.code == 1
        assert run.error.startswith("tools.db.contract.")
        async with standing(f"sqlite:///{file}") as db:
            await db.execute("CREATE TABLE later (n INTEGER)")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("when", [f"{LAST_OF_BOOT + first}+3" for first in (1, 2, 3)])
async def test_each_write_on_a_disk_that_fails_at_times_is_stored_or_told(file: Path, fault: str, when: str) -> None:
    run = written_on(file, fault, when)

    assert (run.is_up, run.code, run.error) == (True, 0, "")
    assert run.stored | set(run.refused) == set(range(1, WRITES_EACH + 1))
    assert len(run.refused) >= 10
    assert set(run.refused.values()) <= {"Unavailable", "UnknownOutcomeError"}
    await check_file(file, run)


@pytest.mark.parametrize("fault", FAULTS)
async def test_after_forty_failures_in_a_row_it_writes_again_without_a_restart(file: Path, fault: str) -> None:
    run = written_on(file, fault, f"{LAST_OF_BOOT + 5}..{LAST_OF_BOOT + 44}")

    assert (run.is_up, run.code, run.error) == (True, 0, "")
    assert len(run.refused) >= 10
    assert max(run.stored) == WRITES_EACH
    assert max(run.refused) < WRITES_EACH
    await check_file(file, run)
