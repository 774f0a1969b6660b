"""R2: one event that no attempt survives, among 1,000 good ones, which are all done; it is a dead letter after exactly
all its attempts, whatever it does to its process."""

from collections.abc import Callable

import pytest

from tests.tools.event_bus.torture.children import Child
from tests.tools.event_bus.torture.roles import LONG_S, Order, lane_of, taste
from tests.tools.event_bus.torture.stage import Stage, settled, standing
from tools.event_bus.contract import DeadLetter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
Start = Callable[..., Child]
RETRIES, ATTEMPTS = 3, 4
GOOD = {n for n in range(1, 1_002) if n != 504}
POISON = 504  # without a key
TIMEOUT_S = 0.3
HOW = {"retries": RETRIES, "backoff": 0.02, "timeout": TIMEOUT_S}
NO_BACKOFF = {**HOW, "backoff": 0.0}


async def served(stage: Stage) -> None:
    """Publish all of them, with the poison in the middle."""
    async with stage.db.transaction():
        for number in sorted({*GOOD, POISON}):
            await stage.bus.publish("order.placed", Order(number), key=lane_of(number))


def runs(lives: list[Child], word: str = "begun") -> list[int]:
    """Give the attempts of the poison, over all lives."""
    return [int(line[2]) for child in lives for line in child.of(word) if line[1] == str(POISON)]


async def check(stage: Stage, lives: list[Child]) -> DeadLetter:
    done = [int(line[1]) for child in lives for line in child.of("done")]
    (letter,) = await stage.bus.dead_letters()
    assert set(done) == GOOD
    assert (letter.payload, letter.attempts, letter.state) == ({"n": POISON}, ATTEMPTS, "dead")
    return letter


@pytest.mark.parametrize("transactional", [False, True], ids=["plain", "transactional"])
@pytest.mark.parametrize("kind", ["raises", "hangs"])
async def test_what_always_fails_is_a_dead_letter_and_all_others_are_done(
    start: Start, url: str, kind: str, transactional: bool
) -> None:
    child = start(taste, url, kind, POISON, **HOW, transactional=transactional)
    child.wait_for("ready")
    async with standing(url) as stage:
        await served(stage)
        await settled(stage, but=0)

        letter = await check(stage, [child])

    assert runs([child]) == [1, 2, 3, 4]
    # on SQLite, who waits behind it for the one writer may be cut at its own time-out: undone, and run once more
    assert len(child.of("done")) - len(GOOD) <= (8 * ATTEMPTS if transactional and kind == "hangs" else 0)
    assert ("ValueError: poison" if kind == "raises" else "did not end within 0.3 s") in letter.error
    cuts = zip(
        *([line for line in child.of(word) if line[1] == str(POISON)] for word in ("begun", "failed")), strict=True
    )
    for begun, failed in cuts:
        lasted_s = float(failed[-1]) - float(begun[-1])
        assert lasted_s < 0.2 if kind == "raises" else TIMEOUT_S <= lasted_s + 0.01 < TIMEOUT_S + 1


async def test_what_hangs_in_a_thread_is_tried_again_when_that_has_ended(start: Start, sqlite_url: str) -> None:
    child = start(taste, sqlite_url, "hangs in a thread", POISON, **HOW)
    child.wait_for("ready")
    async with standing(sqlite_url) as stage:
        await served(stage)
        await settled(stage)

        await check(stage, [child])

    assert runs([child]) == runs([child], "failed") == [1, 2, 3, 4]
    ended = [line for line in child.lines if line[0] in ("begun", "failed") and line[1] == str(POISON)]
    assert [line[0] for line in ended] == ["begun", "failed"] * 4
    assert float(ended[1][-1]) - float(ended[0][-1]) >= LONG_S


@pytest.mark.parametrize("transactional", [False, True], ids=["plain", "transactional"])
async def test_what_ends_its_process_is_a_dead_letter_and_all_others_are_done(
    start: Start, url: str, transactional: bool
) -> None:
    lives = list[Child]()

    def live() -> Child:
        lives.append(start(taste, url, "exits", POISON, **NO_BACKOFF, transactional=transactional))
        return lives[-1]

    live().wait_for("ready")
    async with standing(url) as stage:
        await served(stage)
        for _ in range(ATTEMPTS):
            lives[-1].end()
            assert lives[-1].process.exitcode == 7
            live().wait_for("ready")
        await settled(stage)

        letter = await check(stage, lives)

    assert runs(lives) == [1, 2, 3, 4]
    assert letter.error == "the process ended while it handled this, in each attempt"


async def test_a_restart_resets_no_counter(start: Start, url: str) -> None:
    how = {**HOW, "backoff": 0.2}
    first = start(taste, url, "raises", POISON, **how)
    first.wait_for("ready")
    async with standing(url) as stage:
        await served(stage)
        while len(runs([first])) < 2:
            first.wait_for("begun", len(first.of("begun")) + 1)
        first.kill()
        second = start(taste, url, "raises", POISON, **how)
        second.wait_for("ready")
        await settled(stage)

        await check(stage, [first, second])

    assert runs([first])[-1] < runs([second])[0]
    assert runs([second])[-1] == ATTEMPTS
    assert len(runs([first, second])) <= ATTEMPTS
