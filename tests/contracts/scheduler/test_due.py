"""What is due is published at its time, and nothing before."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import msgspec

from tests.tools.scheduler.stage import NOON, Stage, by_name, digest, sweep, until


class Reminder(msgspec.Struct):
    id: int


async def test_every_is_due_after_its_seconds_and_again(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        first = await stage.settled(scheduler)
        stage.clock.now_s += 29.9
        early = await stage.settled(scheduler)
        stage.clock.now_s += 0.2
        once = await stage.settled(scheduler)
        stage.clock.now_s += 30

        assert [first, early, once, await stage.settled(scheduler)] == [[], [], ["sweep.due"], ["sweep.due"] * 2]


async def test_every_keeps_its_beat_when_it_is_late(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        await stage.settled(scheduler)
        stage.clock.now_s += 44
        await stage.settled(scheduler)

        assert by_name(await scheduler.jobs())["sweep"].due_at_utc == NOON + timedelta(seconds=60)


async def test_cron_is_due_when_it_says_with_its_payload(stage: Stage) -> None:
    async with stage.running(digest) as scheduler:
        await stage.settled(scheduler)
        due = by_name(await scheduler.jobs())["digest"].due_at_utc
        stage.clock.now_s = due.timestamp()

        assert due == datetime(2026, 1, 3, 7, tzinfo=UTC)
        assert await stage.settled(scheduler) == ["digest.due"]
        assert ("digest.due", {"kind": "daily"}, "") in await stage.published()


async def test_at_is_due_once(stage: Stage) -> None:
    async with stage.running() as scheduler:
        await scheduler.at(NOON + timedelta(seconds=5), "reminder.due", Reminder(7))
        before = await stage.settled(scheduler)
        stage.clock.now_s += 5
        after = await stage.settled(scheduler)
        stage.clock.now_s += 1_000_000

        assert [before, after, await stage.settled(scheduler)] == [[], ["reminder.due"], ["reminder.due"]]
        assert ("reminder.due", {"id": 7}, "") in await stage.published()


async def test_at_takes_any_zone_and_a_time_in_the_past_is_due_at_once(stage: Stage) -> None:
    tokyo = timezone(timedelta(hours=9))
    async with stage.running() as scheduler:
        await scheduler.at((NOON + timedelta(seconds=1)).astimezone(tokyo), "later.due")
        await scheduler.at(NOON - timedelta(days=40_000), "past.due")

        assert await stage.settled(scheduler) == ["past.due"]
        stage.clock.now_s += 1
        assert await stage.settled(scheduler) == ["past.due", "later.due"]


async def test_what_is_due_at_different_times_is_published_in_their_order(stage: Stage) -> None:
    async with stage.running() as scheduler:
        for seconds in (3, 1, 2):
            await scheduler.at(NOON + timedelta(seconds=seconds), f"{seconds}.due")
        stage.clock.now_s += 10

        assert await stage.settled(scheduler) == ["1.due", "2.due", "3.due"]


async def test_more_than_one_page_of_jobs_is_run_at_once(stage: Stage) -> None:
    async with stage.running() as scheduler:
        for number in range(250):
            await scheduler.at(NOON + timedelta(seconds=1), "many.due", {"n": number})
        stage.clock.now_s += 2

        assert await stage.settled(scheduler) == ["many.due"] * 250
        assert sorted(one["n"] for event, one, _ in await stage.published() if event == "many.due") == [*range(250)]


async def test_a_job_that_is_added_is_not_waited_for_until_the_next_look(stage: Stage) -> None:
    async with stage.running(scheduler_look_s=30) as scheduler:
        await stage.settled(scheduler)  # within `until`'s 10 s

        assert await stage.settled(scheduler) == []


async def test_real_time_passes_too(stage: Stage) -> None:
    loop = asyncio.get_running_loop()
    start_s, noon_s = loop.time(), stage.clock.now_s
    stage.clock.__class__ = type("Real", (type(stage.clock),), {"__call__": lambda _: noon_s + loop.time() - start_s})
    async with stage.running(lambda s: s.every("beat", 0.2, "beat.due"), scheduler_look_s=30):

        async def has_beaten() -> bool:
            return len(await stage.events()) >= 5

        await until(has_beaten)

    assert 1 <= loop.time() - start_s < 3
