"""What only jobs in a database have: transactions, restarts, several processes."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.tools.scheduler.stage import NOON, Stage, by_name, digest, sweep, until
from tools.scheduler.contract import Misfire
from tools.scheduler.event_scheduler import EventScheduler

pytestmark = pytest.mark.parametrize("kept", ["sqlite", "postgresql"], indirect=True)


async def test_at_is_part_of_the_transaction_around_it(stage: Stage) -> None:
    async with stage.running() as scheduler:
        with pytest.raises(ZeroDivisionError):
            async with stage.db.transaction():
                await scheduler.at(NOON, "gone.due")
                1 / 0  # noqa: B018
        async with stage.db.transaction():
            await scheduler.at(NOON, "kept.due")
            kept = await scheduler.at(NOON, "cancelled.due")
            await scheduler.cancel(kept)

        assert await stage.settled(scheduler) == ["kept.due"]


async def test_jobs_survive_a_restart(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        await stage.settled(scheduler)
        await scheduler.at(NOON + timedelta(seconds=20), "reminder.due")
    stage.clock.now_s += 25

    async with stage.running(sweep) as scheduler:
        at_once = await stage.settled(scheduler)
        stage.clock.now_s += 5

        assert [at_once, await stage.settled(scheduler)] == [["reminder.due"], ["reminder.due", "sweep.due"]]


@pytest.mark.parametrize(("misfire", "count"), [("once", 1), ("skip", 0), ("all", 4)])
async def test_what_a_downtime_missed_is_up_to_the_job(stage: Stage, misfire: Misfire, count: int) -> None:
    def declare(scheduler: EventScheduler) -> None:
        scheduler.cron("quarter", "*/15 * * * *", "quarter.due", misfire=misfire)

    async with stage.running(declare) as scheduler:
        await stage.settled(scheduler)
    stage.clock.now_s += 3600 + 61

    async with stage.running(declare) as scheduler:
        assert await stage.settled(scheduler) == ["quarter.due"] * count
        assert by_name(await scheduler.jobs())["quarter"].due_at_utc == NOON + timedelta(minutes=75)


async def test_a_cancellation_survives_a_restart(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        await scheduler.cancel("sweep")

    async with stage.running(sweep) as scheduler:
        stage.clock.now_s += 100

        assert await stage.settled(scheduler) == []
        assert by_name(await scheduler.jobs())["sweep"].state == "cancelled"


async def test_another_schedule_counts_from_its_declaration(stage: Stage) -> None:
    async with stage.running(digest) as scheduler:
        await stage.settled(scheduler)

    async with stage.running(lambda s: s.every("digest", 5, "other.due")) as scheduler:
        await stage.settled(scheduler)
        job = by_name(await scheduler.jobs())["digest"]
        stage.clock.now_s += 5

        assert (job.schedule, job.event, job.due_at_utc) == ("every 5 s", "other.due", NOON + timedelta(seconds=5))
        assert await stage.settled(scheduler) == ["other.due"]


async def test_a_job_that_nobody_declares_any_more_is_listed_and_not_run(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        await stage.settled(scheduler)

    async with stage.running() as scheduler:
        stage.clock.now_s += 100

        assert await stage.settled(scheduler) == []
        assert by_name(await scheduler.jobs())["sweep"].state == "undeclared"
        assert [await scheduler.resume("sweep"), await scheduler.cancel("sweep")] == [False, True]
        assert await scheduler.cancel("sweep") is False


async def test_a_process_that_runs_no_jobs_adds_some_for_another_one(stage: Stage) -> None:
    async with stage.running(sweep, scheduler_enabled=False) as scheduler:
        await scheduler.at(NOON, "reminder.due")

        async def is_declared() -> bool:
            return len(await scheduler.jobs()) == 2

        await until(is_declared)
        nothing = await stage.events()
        async with stage.running(sweep) as worker:
            assert [nothing, await stage.settled(worker)] == [[], ["reminder.due"]]


async def test_several_publish_each_due_time_once(stage: Stage) -> None:
    async with stage.running(sweep) as one, stage.running(sweep) as two, stage.running(sweep) as three:
        for number in range(60):
            await (one, two, three)[number % 3].at(NOON + timedelta(seconds=number % 10), "n.due", {"n": number})
        for _ in range(12):
            stage.clock.now_s += 5
            for scheduler in (one, two, three):
                await stage.settled(scheduler)

        events = await stage.published()
        assert sorted(body["n"] for event, body, _ in events if event == "n.due") == [*range(60)]
        assert [event for event, *_ in events].count("sweep.due") == 2


async def test_what_publishing_stored_is_undone_when_it_fails_afterwards(stage: Stage) -> None:
    whole, failures = stage.publish, [ConnectionError("in the middle")]

    async def publish(event: str, payload: Any) -> None:
        await whole(event, payload)
        if failures:
            raise failures.pop()

    stage.publish = publish  # type: ignore[method-assign]
    async with stage.running() as scheduler:
        await scheduler.at(NOON - timedelta(seconds=1), "reminder.due")

        async def has_worked() -> bool:
            return "reminder.due" in await stage.events()

        await until(has_worked)
        assert await stage.settled(scheduler) == ["reminder.due"]


async def test_a_database_that_is_away_loses_nothing_and_is_logged_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage.running(sweep) as scheduler:
        await stage.settled(scheduler)
        await stage.db.execute("ALTER TABLE _scheduled_jobs RENAME TO away")
        stage.clock.now_s += 30

        async def is_noted() -> bool:
            return "scheduler failed at looking for due jobs" in caplog.text

        await until(is_noted)
        await stage.db.execute("ALTER TABLE away RENAME TO _scheduled_jobs")

        assert await stage.settled(scheduler) == ["sweep.due"]
        assert caplog.text.count("scheduler failed at looking for due jobs, and tries again") == 1


async def test_a_publish_that_hangs_neither_holds_the_shutdown_up_nor_is_lost(stage: Stage) -> None:
    whole, hanging = stage.publish, asyncio.Event()

    async def publish(event: str, payload: Any) -> None:
        await whole(event, payload)
        hanging.set()
        await asyncio.Event().wait()

    stage.publish = publish  # type: ignore[method-assign]
    async with stage.running() as scheduler:
        await scheduler.at(NOON - timedelta(seconds=1), "reminder.due")
        await hanging.wait()

    assert await stage.events() == []
    stage.publish = whole  # type: ignore[method-assign]
    async with stage.running() as scheduler:
        assert await stage.settled(scheduler) == ["reminder.due"]
