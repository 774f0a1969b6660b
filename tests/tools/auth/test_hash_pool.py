"""The threads in which passwords are hashed."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import hookspecs
from hookspecs import Refusal
from tools.auth.hash_pool import HashPool

ROOT = Path(hookspecs.__file__).parent


@pytest.fixture
async def pool() -> AsyncIterator[HashPool]:
    pool = HashPool(threads=2, waiting=3)
    pool.start()
    yield pool
    pool.stop()


async def test_what_is_called_answers_or_raises_in_its_caller(pool: HashPool) -> None:
    assert await pool(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await pool(divmod, 7, 0)
    with pytest.raises(SystemExit):
        await pool(sys.exit)
    assert await pool(threading.current_thread) is not threading.main_thread()


async def test_over_threads_and_queue_is_refused_at_once_and_taken_again_later(pool: HashPool) -> None:
    gate = threading.Event()
    running = [asyncio.create_task(pool(gate.wait, 10)) for _ in range(5)]
    await asyncio.sleep(0)

    with pytest.raises(Refusal) as caught:
        await pool(int)

    gate.set()
    assert await asyncio.gather(*running) == [True] * 5
    assert (caught.value.status, caught.value.retry_after_s) == (503, 1)
    assert await pool(int) == 0


async def test_what_is_cancelled_while_it_waits_is_never_called(pool: HashPool) -> None:
    gate, called = threading.Event(), threading.Event()
    running = [asyncio.create_task(pool(gate.wait, 10)) for _ in range(2)]
    waiting = asyncio.create_task(pool(called.set))
    await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.set()

    await asyncio.gather(*running)
    assert await asyncio.gather(*(pool(int) for _ in range(4))) == [0] * 4
    assert not called.is_set()


async def test_what_waits_at_shutdown_is_finished_and_nothing_more_is_taken(pool: HashPool) -> None:
    gate = threading.Event()
    running = [asyncio.create_task(pool(gate.wait, 10)) for _ in range(4)]
    await asyncio.sleep(0)

    pool.stop()

    gate.set()
    assert await asyncio.gather(*running) == [True] * 4
    with pytest.raises(RuntimeError, match="^auth is not booted, or shut down: "):
        await pool(int)


async def test_a_stopped_pool_starts_again(pool: HashPool) -> None:
    pool.stop()
    pool.stop()

    pool.start()

    assert await pool(int) == 0


def test_a_hash_that_hangs_does_not_keep_the_process_alive() -> None:
    program = """
import asyncio, threading
from tools.auth.hash_pool import HashPool
async def main():
    pool, started = HashPool(1, 1), threading.Event()
    pool.start()
    hanging = asyncio.create_task(pool(lambda: (started.set(), threading.Event().wait())))
    await asyncio.sleep(0)
    assert started.wait(5)
asyncio.run(main())
"""

    subprocess.run([sys.executable, "-c", program], check=True, timeout=10, cwd=ROOT)
