"""Wall clocks that jump, and those of zones: no storm, and no hour without a job."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.tools.scheduler.stage import NOON, Stage, by_name, digest, sweep, until


async def test_a_day_that_the_clock_jumps_makes_no_storm(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        await stage.settled(scheduler)
        stage.clock.now_s += 86_400

        assert await stage.settled(scheduler) == ["sweep.due"]


@pytest.mark.parametrize("back_s", [3600, 86_400, 100])
async def test_every_goes_on_when_the_clock_is_set_back(stage: Stage, back_s: int) -> None:
    async with stage.running(sweep) as scheduler:
        await stage.settled(scheduler)
        stage.clock.now_s += 30
        await stage.settled(scheduler)
        stage.clock.now_s -= back_s

        async def is_near() -> bool:
            due = by_name(await scheduler.jobs())["sweep"].due_at_utc
            return due.timestamp() <= stage.clock.now_s + 30

        await until(is_near)
        stage.clock.now_s += 30
        assert await stage.settled(scheduler) == ["sweep.due"] * 2


async def test_cron_does_not_repeat_its_hour_when_the_clock_is_set_back_by_one(stage: Stage) -> None:
    async with stage.running(lambda s: s.cron("noon", "1 12 * * *", "noon.due")) as scheduler:
        await stage.settled(scheduler)
        stage.clock.now_s += 120
        await stage.settled(scheduler)
        stage.clock.now_s -= 3600
        await stage.settled(scheduler)
        stage.clock.now_s += 3600

        assert await stage.settled(scheduler) == ["noon.due"]


async def test_cron_by_the_minute_goes_on_when_the_clock_is_set_back(stage: Stage) -> None:
    async with stage.running(lambda s: s.cron("minute", "* * * * *", "minute.due")) as scheduler:
        await stage.settled(scheduler)
        stage.clock.now_s += 60
        await stage.settled(scheduler)
        stage.clock.now_s -= 3600

        async def is_near() -> bool:
            return by_name(await scheduler.jobs())["minute"].due_at_utc == NOON - timedelta(minutes=58)

        await until(is_near)


async def test_a_wrong_day_that_is_corrected_stops_nothing(stage: Stage) -> None:
    async with stage.running(sweep, digest) as scheduler:
        await stage.settled(scheduler)
        stage.clock.now_s += 86_400
        await stage.settled(scheduler)
        stage.clock.now_s -= 86_400

        async def is_near() -> bool:
            jobs = by_name(await scheduler.jobs())
            return jobs["digest"].due_at_utc == datetime(2026, 1, 3, 7, tzinfo=UTC) and (
                jobs["sweep"].due_at_utc == NOON + timedelta(seconds=30)
            )

        await until(is_near)


async def test_a_change_of_summer_time_moves_the_hour_in_utc(stage: Stage) -> None:
    stage.clock.now_s = datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp()
    async with stage.running(
        lambda s: s.cron("rome", "0 7 * * *", "rome.due", timezone="Europe/Rome"),
        lambda s: s.cron("utc", "0 7 * * *", "utc.due"),
    ) as scheduler:
        await stage.settled(scheduler)
        before = by_name(await scheduler.jobs())

        assert before["rome"].due_at_utc == datetime(2026, 3, 29, 5, tzinfo=UTC)
        assert before["utc"].due_at_utc == datetime(2026, 3, 29, 7, tzinfo=UTC)
