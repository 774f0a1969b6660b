"""What cannot be published now is published later, and holds up nothing else."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hookspecs import Refusal, Trace, trace
from tests.tools.scheduler.stage import NOON, Stage, sweep, until


async def test_a_publish_that_is_refused_is_tried_again_and_logged_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage.running() as scheduler:
        stage.refusal = Refusal(503, "too many events are waiting: try again")
        await scheduler.at(NOON, "reminder.due")

        async def has_tried_twice() -> bool:
            return stage.attempts > 1

        await until(has_tried_twice)
        nothing, stage.refusal = await stage.events(), None

        async def has_worked() -> bool:
            return bool(await stage.events())

        await until(has_worked)
        assert [nothing, await stage.events()] == [[], ["reminder.due"]]
        assert caplog.text.count("scheduler failed at publishing 'reminder.due', and tries again until it works") == 1


async def test_an_event_that_is_refused_holds_up_no_other(stage: Stage) -> None:
    whole = stage.publish

    async def publish(event: str, payload: Any) -> None:
        if event == "full.due":
            raise Refusal(503, "full")
        await whole(event, payload)

    stage.publish = publish  # type: ignore[method-assign]
    async with stage.running() as scheduler:
        for _ in range(150):
            await scheduler.at(NOON - timedelta(seconds=1), "full.due")

        assert await stage.settled(scheduler) == []
        assert len(await scheduler.jobs(limit=1000)) == 150


async def test_a_publish_that_fails_for_one_job_holds_up_no_other_of_its_event(stage: Stage) -> None:
    whole = stage.publish

    async def publish(event: str, payload: Any) -> None:
        if payload == {"n": 1}:
            raise KeyError("of a mistake")
        await whole(event, payload)

    stage.publish = publish  # type: ignore[method-assign]
    async with stage.running() as scheduler:
        for number in range(3):
            await scheduler.at(NOON - timedelta(seconds=9 - number), "n.due", {"n": number})

        assert await stage.settled(scheduler) == ["n.due", "n.due"]


async def test_a_publish_that_cancels_itself_does_not_end_the_loop(stage: Stage) -> None:
    async with stage.running() as scheduler:
        stage.refusal = asyncio.CancelledError()
        await scheduler.at(NOON, "reminder.due")

        async def has_tried() -> bool:
            return stage.attempts > 0

        await until(has_tried)
        stage.refusal = None

        async def has_worked() -> bool:
            return bool(await stage.events())

        await until(has_worked)


async def test_what_is_published_belongs_to_what_scheduled_it(stage: Stage) -> None:
    async with stage.running(sweep) as scheduler:
        await stage.settled(scheduler)
        token = trace.set(Trace("trace-1", "request-1", "event-1"))
        await scheduler.at(NOON, "reminder.due")
        trace.reset(token)
        stage.clock.now_s += 30
        await stage.settled(scheduler)

    assert {(event, trace) for event, _, trace in await stage.published()} == {
        ("reminder.due", "trace-1"),
        ("settled", ""),
        ("sweep.due", ""),
    }
