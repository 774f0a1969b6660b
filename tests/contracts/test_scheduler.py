"""What every scheduler keeps, wherever its jobs are; at the end, what only one in a database or in memory does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hookspecs import Refusal, Trace, trace
from tests.tools.scheduler.stage import NOON, Stage, database, owned, until
from tools.scheduler import register_tools
from tools.scheduler.contract import Job, Scheduler
from tools.scheduler.event_scheduler import EventScheduler


class Reminder(msgspec.Struct):
    id: int


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The only thing that differs: a URL, empty for memory."""
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return f"sqlite:///{tmp_path}/app.db" if request.param == "sqlite" else ""


@pytest.fixture
async def stage(kept: str) -> AsyncIterator[Stage]:
    if kept:
        async with database(kept) as db:
            yield Stage(db)
    else:
        yield Stage(None)


@pytest.fixture
def stored(stage: Stage) -> Stage:
    """One with a database: `IN_A_DATABASE` says which."""
    return stage


IN_A_DATABASE = pytest.mark.parametrize("kept", ["sqlite", "postgresql"], indirect=True)


def sweep(scheduler: EventScheduler) -> None:
    scheduler.every("sweep", 30, "sweep.due")


def digest(scheduler: EventScheduler) -> None:
    scheduler.cron("digest", "0 7 * * *", "digest.due", {"kind": "daily"})


def by_name(jobs: list[Job]) -> dict[str, Job]:
    return {job.id: job for job in jobs}


# ------------------------------------------------------------------ what is due


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


# ------------------------------------------------------------------ what was missed


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


# ------------------------------------------------------------------ clocks that are set


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


# ------------------------------------------------------------------ listed, cancelled, resumed


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


# ------------------------------------------------------------------ refusals


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


# ------------------------------------------------------------------ what a plugin may say wrongly


@pytest.mark.parametrize(
    ("expression", "about", "message"),
    [
        (
            "0 7 * *",
            {},
            "'0 7 * *', Wrong number of fields: write `minute hour day month weekday`, e.g. '0 7 * * MON-FRI'",
        ),
        ("61 7 * * *", {}, "'61 7 * * *', Bad minute: write `minute hour day month weekday`, e.g. '0 7 * * MON-FRI'"),
        ("0 0 31 4,6 *", {}, "'0 0 31 4,6 *', Bad day-of-month: write"),
        ("0 7 * * *", {"timezone": "Europe/Rom"}, "timezone='Europe/Rom', which is not known here: write one like"),
        ("0 7 * * *", {"timezone": "../etc/passwd"}, "timezone='../etc/passwd', which is not known here: write one"),
        ("0 7 * * *", {"misfire": "never"}, "misfire='never', grace_s=60: give once, skip or all, and 0 to a year"),
        ("0 7 * * *", {"grace_s": -1}, "misfire='once', grace_s=-1: give once, skip or all, and 0 to a year"),
        (
            "0 7 * * *",
            {"payload": object()},
            "its payload is not JSON (Encoding objects of type object is unsupported)",
        ),
        ("0 7 * * *", {"payload": "x" * 300_000}, "its payload has 300002 bytes of at most 262144: say where the rest"),
    ],
)
def test_a_wrong_declaration_names_the_job_and_what_to_write(
    expression: str, about: dict[str, Any], message: str
) -> None:
    scheduler = Stage(None).made()

    with owned("shop.digest"), pytest.raises(ValueError) as caught:
        scheduler.cron("digest", expression, "digest.due", **about)

    assert str(caught.value).startswith(f"shop.digest declares job 'digest' wrongly, {message}")


@pytest.mark.parametrize("seconds", [0, -1, 0.05, float("nan"), float("inf"), 1e9])
def test_seconds_out_of_range_are_refused(seconds: float) -> None:
    with owned("shop.digest"), pytest.raises(ValueError, match="^shop.digest declares job 'a' wrongly, seconds="):
        Stage(None).made().every("a", seconds, "a.due")


@pytest.mark.parametrize("name", ["", "at-noon", "n" * 201])
def test_a_name_that_an_id_could_be_is_refused(name: str) -> None:
    with owned("shop.digest"), pytest.raises(ValueError, match="give it a name of 1 to 200 characters"):
        Stage(None).made().every(name, 1, "a.due")


def test_a_name_that_is_taken_names_both() -> None:
    scheduler = Stage(None).made()
    with owned("shop.digest"):
        scheduler.every("sweep", 1, "a.due")

    with owned("shop.other"), pytest.raises(ValueError) as caught:
        scheduler.cron("sweep", "* * * * *", "b.due")

    assert str(caught.value) == "shop.other declares job 'sweep', as shop.digest does: give it another name"


def test_what_a_plugin_declared_is_undone_with_it() -> None:
    scheduler, other = Stage(None).made(), Stage(None)
    with owned("shop.digest") as part:
        sweep(scheduler)
        scheduler.publish_with(other.publish)
        scheduler.store_in(object())  # type: ignore[arg-type]  # not used before `on_ready`
    part.undo.close()

    with owned("shop.other"):
        sweep(scheduler)
        scheduler.publish_with(other.publish)
        scheduler.store_in(object())  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="^shop.other cannot publish jobs, as shop.other does: remove one"):
            scheduler.publish_with(other.publish)
        with pytest.raises(ValueError, match="^shop.other cannot store jobs, as shop.other does: remove one"):
            scheduler.store_in(object())  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [sweep, digest, lambda s: s.publish_with(print), lambda s: s.store_in(None)])
def test_outside_a_hook_nothing_is_registered(call: Any) -> None:
    with pytest.raises(RuntimeError, match="^registered outside a hook"):
        call(Stage(None).made())


async def test_a_naive_time_and_a_wrong_payload_are_refused(stage: Stage) -> None:
    async with stage.running() as scheduler:
        with pytest.raises(ValueError, match="^scheduler takes no 'a.due', as 2026-01-02 12:00:00 has no zone: use"):
            await scheduler.at(NOON.replace(tzinfo=None), "a.due")
        with pytest.raises(ValueError, match="^scheduler takes no 'a.due': its payload is not JSON"):
            await scheduler.at(NOON, "a.due", object())

        assert await scheduler.jobs() == []


async def test_before_it_is_ready_and_after_the_shutdown_nothing_is_taken(stage: Stage) -> None:
    async with stage.running() as scheduler:
        pass
    for one, message in ((stage.made(), "as the system still boots"), (scheduler, "has shut down")):
        for call in (one.at(NOON, "a.due"), one.cancel("a"), one.resume("a"), one.jobs()):
            with pytest.raises(RuntimeError, match=message):
                await call


# ------------------------------------------------------------------ without its plugin


async def test_without_a_publisher_it_stands_and_says_so() -> None:
    scheduler = Stage(None).made()
    with owned("shop.digest"):
        sweep(scheduler)
    findings = [*scheduler.check(None)]  # type: ignore[arg-type]  # it looks at itself only
    await scheduler.on_ready()

    with pytest.raises(RuntimeError, match="^scheduler takes no 'a.due', as nobody would publish it: call `scheduler."):
        await scheduler.at(NOON, "a.due")

    await scheduler.on_shutdown()
    assert [(one.code, one.is_error) for one in findings] == [("jobs-not-published", False)]
    assert findings[0].message.endswith("remove these jobs: sweep (shop.digest)")


async def test_in_memory_a_process_that_runs_no_jobs_takes_none() -> None:
    async with Stage(None).running(scheduler_enabled=False) as scheduler:
        with pytest.raises(RuntimeError, match="as only this process would know of it, and runs no jobs: call"):
            await scheduler.at(NOON, "a.due")


def test_facts_say_where_jobs_are_kept_and_what_they_are() -> None:
    scheduler = Stage(None).made()
    with owned("shop.digest"):
        digest(scheduler)

    transport, job = scheduler.describe()

    assert (transport.kind, transport.owner, transport.name) == ("transport", "scheduler", "memory")
    assert transport.summary == "in memory: each process runs its own jobs, and those of `at` are lost with it"
    assert (job.kind, job.owner, job.name) == ("job", "shop.digest", "digest")
    assert job.data == {
        "schedule": "0 7 * * * UTC",
        "event": "digest.due",
        "misfire": "once",
        "stored": False,
        "runs_here": False,
    }


def test_settings_are_read_and_wrong_ones_named() -> None:
    (tool,) = register_tools()
    made: Scheduler = tool.factory({"SCHEDULER_ENABLED": "false", "SCHEDULER_LOOK_S": "1"})  # type: ignore[assignment]

    assert isinstance(made, EventScheduler)
    with pytest.raises(msgspec.ValidationError, match="SCHEDULER_LOOK_S"):
        tool.factory({"SCHEDULER_LOOK_S": "31"})


# ------------------------------------------------------------------ in a database


@IN_A_DATABASE
async def test_at_is_part_of_the_transaction_around_it(stored: Stage) -> None:
    async with stored.running() as scheduler:
        with pytest.raises(ZeroDivisionError):
            async with stored.db.transaction():
                await scheduler.at(NOON, "gone.due")
                1 / 0  # noqa: B018
        async with stored.db.transaction():
            await scheduler.at(NOON, "kept.due")
            kept = await scheduler.at(NOON, "cancelled.due")
            await scheduler.cancel(kept)

        assert await stored.settled(scheduler) == ["kept.due"]


@IN_A_DATABASE
async def test_jobs_survive_a_restart(stored: Stage) -> None:
    async with stored.running(sweep) as scheduler:
        await stored.settled(scheduler)
        await scheduler.at(NOON + timedelta(seconds=20), "reminder.due")
    stored.clock.now_s += 25

    async with stored.running(sweep) as scheduler:
        at_once = await stored.settled(scheduler)
        stored.clock.now_s += 5

        assert [at_once, await stored.settled(scheduler)] == [["reminder.due"], ["reminder.due", "sweep.due"]]


@IN_A_DATABASE
async def test_a_cancellation_survives_a_restart(stored: Stage) -> None:
    async with stored.running(sweep) as scheduler:
        await scheduler.cancel("sweep")

    async with stored.running(sweep) as scheduler:
        stored.clock.now_s += 100

        assert await stored.settled(scheduler) == []
        assert by_name(await scheduler.jobs())["sweep"].state == "cancelled"


@IN_A_DATABASE
async def test_another_schedule_counts_from_its_declaration(stored: Stage) -> None:
    async with stored.running(digest) as scheduler:
        await stored.settled(scheduler)

    async with stored.running(lambda s: s.every("digest", 5, "other.due")) as scheduler:
        await stored.settled(scheduler)
        job = by_name(await scheduler.jobs())["digest"]
        stored.clock.now_s += 5

        assert (job.schedule, job.event, job.due_at_utc) == ("every 5 s", "other.due", NOON + timedelta(seconds=5))
        assert await stored.settled(scheduler) == ["other.due"]


@IN_A_DATABASE
async def test_a_job_that_nobody_declares_any_more_is_listed_and_not_run(stored: Stage) -> None:
    async with stored.running(sweep) as scheduler:
        await stored.settled(scheduler)

    async with stored.running() as scheduler:
        stored.clock.now_s += 100

        assert await stored.settled(scheduler) == []
        assert by_name(await scheduler.jobs())["sweep"].state == "undeclared"
        assert [await scheduler.resume("sweep"), await scheduler.cancel("sweep")] == [False, True]
        assert await scheduler.cancel("sweep") is False


@IN_A_DATABASE
async def test_a_process_that_runs_no_jobs_adds_some_for_another_one(stored: Stage) -> None:
    async with stored.running(sweep, scheduler_enabled=False) as scheduler:
        await scheduler.at(NOON, "reminder.due")

        async def is_declared() -> bool:
            return len(await scheduler.jobs()) == 2

        await until(is_declared)
        nothing = await stored.events()
        async with stored.running(sweep) as worker:
            assert [nothing, await stored.settled(worker)] == [[], ["reminder.due"]]


@IN_A_DATABASE
async def test_several_publish_each_due_time_once(stored: Stage) -> None:
    async with stored.running(sweep) as one, stored.running(sweep) as two, stored.running(sweep) as three:
        for number in range(60):
            await (one, two, three)[number % 3].at(NOON + timedelta(seconds=number % 10), "n.due", {"n": number})
        for _ in range(12):
            stored.clock.now_s += 5
            for scheduler in (one, two, three):
                await stored.settled(scheduler)

        events = await stored.published()
        assert sorted(body["n"] for event, body, _ in events if event == "n.due") == [*range(60)]
        assert [event for event, *_ in events].count("sweep.due") == 2


@IN_A_DATABASE
async def test_what_publishing_stored_is_undone_when_it_fails_afterwards(stored: Stage) -> None:
    whole, failures = stored.publish, [ConnectionError("in the middle")]

    async def publish(event: str, payload: Any) -> None:
        await whole(event, payload)
        if failures:
            raise failures.pop()

    stored.publish = publish  # type: ignore[method-assign]
    async with stored.running() as scheduler:
        await scheduler.at(NOON - timedelta(seconds=1), "reminder.due")

        async def has_worked() -> bool:
            return "reminder.due" in await stored.events()

        await until(has_worked)
        assert await stored.settled(scheduler) == ["reminder.due"]


@IN_A_DATABASE
async def test_a_database_that_is_away_loses_nothing_and_is_logged_once(
    stored: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async with stored.running(sweep) as scheduler:
        await stored.settled(scheduler)
        await stored.db.execute("ALTER TABLE _scheduled_jobs RENAME TO away")
        stored.clock.now_s += 30

        async def is_noted() -> bool:
            return "scheduler failed at looking for due jobs" in caplog.text

        await until(is_noted)
        await stored.db.execute("ALTER TABLE away RENAME TO _scheduled_jobs")

        assert await stored.settled(scheduler) == ["sweep.due"]
        assert caplog.text.count("scheduler failed at looking for due jobs, and tries again") == 1
