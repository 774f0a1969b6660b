"""Jobs are listed, cancelled and resumed."""

from datetime import UTC, datetime, timedelta

from tests.tools.scheduler.stage import NOON, Stage, by_name, digest, sweep
from tools.scheduler.contract import Job


async def test_jobs_are_listed_with_what_they_are(stage: Stage) -> None:
    async with stage.running(sweep, digest) as scheduler:
        await stage.settled(scheduler)
        id = await scheduler.at(NOON + timedelta(seconds=5), "reminder.due", {"id": 7})

        assert await scheduler.jobs() == [
            Job(
                id=id,
                schedule="",
                event="reminder.due",
                payload={"id": 7},
                owner="",
                due_at_utc=NOON + timedelta(seconds=5),
                state="scheduled",
            ),
            Job(
                id="digest",
                schedule="0 7 * * * UTC",
                event="digest.due",
                payload={"kind": "daily"},
                owner="shop.digest",
                due_at_utc=datetime(2026, 1, 3, 7, tzinfo=UTC),
                state="scheduled",
            ),
            Job(
                id="sweep",
                schedule="every 30 s",
                event="sweep.due",
                payload={},
                owner="shop.digest",
                due_at_utc=NOON + timedelta(seconds=30),
                state="scheduled",
            ),
        ]


async def test_many_jobs_are_listed_by_pages(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        await stage.settled(scheduler)
        ids = [await scheduler.at(NOON + timedelta(seconds=n), "n.due") for n in range(5, 0, -1)]
        first = await scheduler.jobs(limit=4)
        second = await scheduler.jobs(after=first[-1].id, limit=4)

        assert [job.id for job in first + second] == [*reversed(ids), "sweep"]


async def test_a_cancelled_job_is_not_run_and_is_gone(stage: Stage) -> None:
    async with stage.running() as scheduler:
        id = await scheduler.at(NOON + timedelta(seconds=5), "reminder.due")
        answers = [await scheduler.cancel(id), await scheduler.cancel(id), await scheduler.cancel("nothing")]
        stage.clock.now_s += 10

        assert answers == [True, False, False]
        assert await scheduler.jobs() == []
        assert await stage.settled(scheduler) == []


async def test_a_declared_job_that_is_cancelled_waits_until_it_is_resumed(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        await stage.settled(scheduler)
        answers = [await scheduler.cancel("sweep"), await scheduler.cancel("sweep")]
        stage.clock.now_s += 100
        cancelled = await stage.settled(scheduler), by_name(await scheduler.jobs())["sweep"].state
        answers += [await scheduler.resume("sweep"), await scheduler.resume("sweep"), await scheduler.resume("x")]

        assert answers == [True, False, True, False, False]
        assert cancelled == ([], "cancelled")
        assert await stage.settled(scheduler) == []
        stage.clock.now_s += 30
        assert await stage.settled(scheduler) == ["sweep.due"]
        assert by_name(await scheduler.jobs())["sweep"].state == "scheduled"


async def test_a_job_can_be_cancelled_before_it_was_looked_at(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        assert await scheduler.cancel("sweep")
        await stage.settled(scheduler)
        stage.clock.now_s += 100

        assert await stage.settled(scheduler) == []
