"""Due times that passed while nothing ran."""

from datetime import timedelta
from typing import Any

import pytest

from tests.tools.scheduler.stage import NOON, Stage, by_name
from tools.scheduler.event_scheduler import EventScheduler


async def missed(stage: Stage, misfire: Any, **about: Any) -> list[str]:
    """Let an hour pass in which nothing runs."""

    def declare(scheduler: EventScheduler) -> None:
        scheduler.cron("quarter", "*/15 * * * *", "quarter.due", misfire=misfire, **about)

    async with stage.running(declare) as scheduler:
        await stage.settled(scheduler)
        stage.clock.now_s += 3600 + about.get("grace_s", 60) + 1
        events = await stage.settled(scheduler)
        assert by_name(await scheduler.jobs())["quarter"].due_at_utc == NOON + timedelta(minutes=75)
    return events


async def test_what_was_missed_is_published_once(stage: Stage) -> None:
    assert await missed(stage, "once") == ["quarter.due"]


async def test_what_was_missed_is_skipped_if_that_is_wanted(stage: Stage) -> None:
    assert await missed(stage, "skip") == []


async def test_what_was_missed_is_published_each_if_that_is_wanted(stage: Stage) -> None:
    assert await missed(stage, "all") == ["quarter.due"] * 4


async def test_what_is_a_little_late_is_not_skipped(stage: Stage) -> None:
    async with stage.running(lambda s: s.every("sweep", 600, "sweep.due", misfire="skip", grace_s=20)) as scheduler:
        await stage.settled(scheduler)
        stage.clock.now_s += 620
        in_time = await stage.settled(scheduler)
        stage.clock.now_s += 601

        assert [in_time, await stage.settled(scheduler)] == [["sweep.due"], ["sweep.due"]]
        stage.clock.now_s += 599
        assert await stage.settled(scheduler) == ["sweep.due"] * 2


async def test_of_very_many_missed_times_the_last_1000_are_published(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage.running(lambda s: s.every("beat", 1, "beat.due", misfire="all")) as scheduler:
        await stage.settled(scheduler)
        stage.clock.now_s += 86_400

        assert len(await stage.settled(scheduler)) == 1000
        assert "scheduler publishes 'beat' for the last 1000 due times that were missed" in caplog.text
        stage.clock.now_s += 1
        assert len(await stage.settled(scheduler)) == 1001
