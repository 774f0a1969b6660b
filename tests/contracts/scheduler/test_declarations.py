"""What a plugin may say wrongly, and what stands without one."""

from typing import Any

import msgspec
import pytest

from tests.tools.scheduler.stage import NOON, Stage, digest, owned, sweep
from tools.scheduler import register_tools
from tools.scheduler.contract import Scheduler
from tools.scheduler.event_scheduler import EventScheduler


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
        with pytest.raises(ValueError, match="^scheduler takes no 'a.due': its payload is not JSON"):
            await scheduler.at(NOON, "a.due", {"prices": [1.5, None, float("nan")]})

        assert await scheduler.jobs() == []


@pytest.mark.parametrize("event", ["", "e" * 201, "a\0", "\ud800"], ids=["none", "201", "nul", "surrogate"])
async def test_an_event_that_the_bus_would_refuse_for_ever_is_refused(stage: Stage, event: str) -> None:
    async with stage.running() as scheduler:
        with pytest.raises(ValueError, match="give the event a name of 1 to 200 characters, and no NUL"):
            await scheduler.at(NOON, event)
        with owned("shop.digest"), pytest.raises(ValueError, match="give the event a name of 1 to 200 characters"):
            scheduler.every("digest", 1, event)

        assert await scheduler.jobs() == []


async def test_before_it_is_ready_and_after_the_shutdown_nothing_is_taken(stage: Stage) -> None:
    async with stage.running() as scheduler:
        pass
    for one, message in ((stage.made(), "as the system still boots"), (scheduler, "has shut down")):
        for call in (one.at(NOON, "a.due"), one.cancel("a"), one.resume("a"), one.jobs()):
            with pytest.raises(RuntimeError, match=message):
                await call


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
