"""What any work offered as `event_bus` keeps; it is called through the contract and the hooks only."""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import pytest
import pytest_asyncio

from hookspecs import Fact, Part, Refusal, Run, Trace, Undo, owner, trace
from kernel.call import Pool
from tools.event_bus import register_tools
from tools.event_bus.contract import (
    BusFull,
    ChainError,
    Envelope,
    EventBus,
    NobodyRepliesError,
    PayloadError,
    ReplyError,
    RequestTimeoutError,
)


class Work(EventBus, Protocol):
    async def on_boot(self, run: Run) -> None: ...
    async def on_ready(self) -> None: ...
    async def on_shutdown(self) -> None: ...
    def describe(self) -> Iterable[Fact]: ...


class UserCreated(msgspec.Struct):
    id: int
    email: str


class OnlyId(msgspec.Struct):
    id: int


class Gate:
    """A callback that says when it began, and ends when it is opened."""

    def __init__(self) -> None:
        self.began, self.opened, self.seen = asyncio.Event(), asyncio.Event(), list[Any]()

    async def handle(self, payload: Any) -> None:
        self.began.set()
        await self.opened.wait()
        self.seen.append(payload)


Boot = Callable[..., Awaitable[Work]]


@pytest_asyncio.fixture(params=["memory://"])
async def boot(request: pytest.FixtureRequest) -> AsyncIterator[Boot]:
    """Boot a work on the given settings, not yet ready; it is shut down after the test."""
    works: list[Work] = []

    async def booted(**environ: str) -> Work:
        (tool,) = register_tools()
        work: Any = tool.factory({"EVENT_BUS_URL": request.param, **environ})
        await work.on_boot(Pool().run)
        works.append(work)
        return work  # type: ignore[no-any-return]  # it has the hooks beside the contract

    yield booted
    for work in works:
        await work.on_shutdown()


@pytest_asyncio.fixture
async def bus(boot: Boot) -> Work:
    work = await boot()
    await work.on_ready()
    return work


@contextlib.contextmanager
def hook(name: str = "made.listener") -> Iterator[Undo]:
    """Be the hook of a plugin."""
    undo = Undo()
    token = owner.set(Part(name, f"{name}.py", undo=undo))
    try:
        yield undo
    finally:
        owner.reset(token)


def subscribe(bus: Work, event: str, callback: Callable[..., object], **how: Any) -> Undo:
    with hook() as undo:
        bus.subscribe(event, callback, **how)
    return undo


def reply(bus: Work, event: str, callback: Callable[..., object]) -> Undo:
    with hook("made.responder") as undo:
        bus.reply(event, callback)
    return undo


# ---------------------------------------------------------------- delivery


async def test_an_event_reaches_every_subscriber_of_its_name_and_no_other(bus: Work) -> None:
    first, second, other = list[Any](), list[Any](), list[Any]()
    subscribe(bus, "user.created", first.append)
    subscribe(bus, "user.created", second.append)
    subscribe(bus, "user.deleted", other.append)

    await bus.publish("user.created", {"id": 1})
    await bus.on_shutdown()

    assert (first, second, other) == ([{"id": 1}], [{"id": 1}], [])


async def test_an_event_without_subscribers_is_taken(bus: Work) -> None:
    await bus.publish("nobody.listens", {})

    assert bus.pending() == 0


async def test_events_of_one_subscription_come_one_at_a_time_in_order(bus: Work) -> None:
    seen = list[str]()

    async def handle(number: int) -> None:
        seen.append(f"{number} begins")
        await asyncio.sleep(0)
        seen.append(f"{number} ends")

    subscribe(bus, "counted", handle)

    for number in range(50):
        await bus.publish("counted", number)
    await bus.on_shutdown()

    assert seen == [f"{number} {what}" for number in range(50) for what in ("begins", "ends")]


async def test_a_slow_subscriber_delays_only_itself(bus: Work) -> None:
    slow, fast, arrived = Gate(), list[Any](), asyncio.Event()

    async def handle(payload: Any) -> None:
        fast.append(payload)
        if len(fast) == 3:
            arrived.set()

    subscribe(bus, "counted", slow.handle)
    subscribe(bus, "counted", handle)

    for number in range(3):
        await bus.publish("counted", number)
    await arrived.wait()

    assert (slow.seen, bus.pending()) == ([], 3)
    slow.opened.set()


@pytest.mark.parametrize(
    "payload", [None, True, 3, 1.5, "text", [1, [2]], {"a": {"b": [None]}}], ids=lambda payload: type(payload).__name__
)
async def test_every_json_value_travels(bus: Work, payload: object) -> None:
    seen = list[Any]()
    subscribe(bus, "said", seen.append)

    await bus.publish("said", payload)
    await bus.on_shutdown()

    assert seen == [payload]


async def test_a_struct_arrives_as_the_subscribers_own_struct_of_fewer_fields(bus: Work) -> None:
    seen = list[Any]()

    async def handle(user: OnlyId) -> None:
        seen.append(user)

    subscribe(bus, "user.created", handle)

    await bus.publish("user.created", UserCreated(7, "ana@example.com"))
    await bus.on_shutdown()

    assert seen == [OnlyId(7)]


@pytest.mark.parametrize("annotation", [dict, Any, None], ids=["dict", "any", "none"])
async def test_a_struct_arrives_as_a_dict_where_no_struct_is_annotated(bus: Work, annotation: Any) -> None:
    seen = list[Any]()

    async def handle(user):  # type: ignore[no-untyped-def]  # the annotation is the parameter of the test
        seen.append(user)

    if annotation is not None:
        handle.__annotations__["user"] = annotation
    subscribe(bus, "user.created", handle)

    await bus.publish("user.created", UserCreated(7, "ana@example.com"))
    await bus.on_shutdown()

    assert seen == [{"id": 7, "email": "ana@example.com"}]


async def test_each_subscriber_has_its_own_copy(bus: Work) -> None:
    sent, seen = {"tags": ["new"]}, list[Any]()

    async def spoil(payload: dict[str, Any]) -> None:
        payload["tags"].append("spoilt")

    subscribe(bus, "tagged", spoil)
    subscribe(bus, "tagged", seen.append)

    await bus.publish("tagged", sent)
    sent["tags"].append("changed after the publish")
    await bus.on_shutdown()

    assert seen == [{"tags": ["new"]}]
    assert sent == {"tags": ["new", "changed after the publish"]}


async def test_a_def_runs_in_a_thread_and_an_awaitable_that_it_returns_is_awaited(bus: Work) -> None:
    seen = list[Any]()

    async def finish(payload: Any) -> None:
        seen.append((payload, asyncio.get_running_loop()))

    def handle(payload: Any) -> Any:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return finish(payload)

    subscribe(bus, "said", handle)

    await bus.publish("said", 1)
    await bus.on_shutdown()

    assert seen == [(1, asyncio.get_running_loop())]


async def test_a_callable_object_is_a_callback(bus: Work) -> None:
    seen = list[Any]()

    class Collector:
        async def __call__(self, payload: OnlyId) -> None:
            seen.append(payload)

    subscribe(bus, "said", Collector())

    await bus.publish("said", {"id": 1})
    await bus.on_shutdown()

    assert seen == [OnlyId(1)]


async def test_the_envelope_says_what_is_known_about_the_event(bus: Work) -> None:
    seen = list[Envelope]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append(envelope)

    subscribe(bus, "said", handle)
    before = datetime.now(UTC)

    await bus.publish("said", 1)
    await bus.on_shutdown()

    (envelope,) = seen
    assert (envelope.event, envelope.attempt, envelope.parent_id) == ("said", 1, "")
    assert envelope.event_id and envelope.trace_id == envelope.event_id
    assert before <= envelope.published_at_utc <= datetime.now(UTC)


async def test_subscribing_may_be_awaited_and_need_not_be(bus: Work) -> None:
    with hook():
        plain = bus.subscribe("said", lambda payload: None)
        awaited = await bus.subscribe("said", lambda payload: None)

    assert (plain.event, awaited.event) == ("said", "said")
    assert awaited.name == "made.listener.<lambda>"


async def test_a_burst_of_100_000_events_arrives_whole_and_in_order(bus: Work) -> None:
    seen = list[int]()

    async def handle(number: int) -> None:
        seen.append(number)

    subscribe(bus, "counted", handle)
    tasks = len(asyncio.all_tasks())

    for number in range(100_000):
        await bus.publish("counted", number)
    assert len(asyncio.all_tasks()) == tasks + 1
    await bus.on_shutdown()

    assert seen == list(range(100_000))


async def test_a_burst_leaves_the_event_loop_to_others(bus: Work) -> None:
    turns = 0

    async def handle(_payload: Any) -> None:
        nonlocal turns
        asyncio.get_running_loop().call_soon(others)

    def others() -> None:
        nonlocal turns
        turns += 1

    subscribe(bus, "counted", handle)

    for number in range(5_000):
        await bus.publish("counted", number)

    assert turns > 0


# ---------------------------------------------------------------- registration


async def test_a_subscription_outside_a_hook_is_refused(bus: Work) -> None:
    with pytest.raises(RuntimeError, match="outside a hook"):
        bus.subscribe("said", lambda payload: None)

    assert [fact for fact in bus.describe() if fact.kind == "subscription"] == []


async def test_what_an_owner_registered_is_gone_when_its_undo_is_closed(bus: Work) -> None:
    seen = list[Any]()
    undo = subscribe(bus, "said", seen.append)
    reply_undo = reply(bus, "asked", lambda payload: 1)

    undo.close()
    reply_undo.close()
    await bus.publish("said", 1)
    await bus.on_shutdown()

    assert seen == []
    assert [fact.kind for fact in bus.describe()] == ["transport"]


async def test_what_was_queued_before_the_undo_is_still_handled(bus: Work) -> None:
    gate = Gate()
    undo = subscribe(bus, "said", gate.handle)
    await bus.publish("said", 1)
    await bus.publish("said", 2)

    undo.close()
    await bus.publish("said", 3)
    gate.opened.set()
    await bus.on_shutdown()

    assert gate.seen == [1, 2]


async def test_a_publisher_that_waits_for_room_goes_on_when_the_full_subscription_is_undone(boot: Boot) -> None:
    bus, gate = await boot(EVENT_BUS_QUEUE="1", EVENT_BUS_WAIT_S="60"), Gate()
    await bus.on_ready()
    undo = subscribe(bus, "said", gate.handle)
    await bus.publish("said", 1)
    waiting = asyncio.create_task(bus.publish("said", 2))
    await gate.began.wait()

    undo.close()
    await waiting

    gate.opened.set()


@pytest.mark.parametrize("how", [{"retries": -1}, {"backoff": -0.1}, {"timeout": 0}], ids=str)
async def test_a_number_out_of_range_is_refused(bus: Work, how: dict[str, Any]) -> None:
    with hook(), pytest.raises(ValueError, match=r"^made\.listener\.append subscribes with retries="):
        bus.subscribe("said", [].append, **how)


async def test_an_annotation_that_does_not_resolve_names_the_callback(bus: Work) -> None:
    async def handle(payload: "Missing") -> None:  # type: ignore[name-defined]  # noqa: F821
        pass

    with hook(), pytest.raises(TypeError) as refused:
        bus.subscribe("said", handle)

    assert str(refused.value) == (
        "made.listener.handle has an annotation that does not resolve, name 'Missing' is not defined: "
        "import it in its module"
    )


async def test_a_payload_type_that_is_not_json_names_the_callback(bus: Work) -> None:
    async def handle(payload: Gate) -> None:
        pass

    with (
        hook(),
        pytest.raises(TypeError, match=r"^made\.listener\.handle takes a payload that cannot be decoded, Gate"),
    ):
        bus.subscribe("said", handle)


@pytest.mark.parametrize("callback", [lambda: None, lambda a, b: None, lambda a, *, b: None], ids=["0", "2", "keyword"])
async def test_a_callback_with_other_parameters_is_refused(bus: Work, callback: Callable[..., object]) -> None:
    with hook(), pytest.raises(TypeError, match="cannot be called by event_bus"):
        bus.subscribe("said", callback)


async def test_what_is_no_function_is_refused(bus: Work) -> None:
    with hook(), pytest.raises(TypeError, match="cannot be a callback of event_bus"):
        bus.subscribe("said", 3)  # type: ignore[arg-type]  # that is what is tested


async def test_the_facts_say_who_listens_and_replies_to_what(bus: Work) -> None:
    async def handle(user: UserCreated) -> None:
        pass

    subscribe(bus, "user.created", handle, retries=2, backoff=0.25, timeout=10)
    reply(bus, "user.asked", handle)

    transport, subscription, event, responder = bus.describe()
    assert (event.kind, event.name) == ("event", subscription.name)

    fields = {"id": "int", "email": "str"}
    numbers = {"retries": 2, "backoff_s": 0.25, "timeout_s": 10}
    assert (transport.kind, transport.owner, "not durable" in transport.summary) == ("transport", "event_bus", True)
    assert subscription[:3] == ("subscription", "made.listener", "user.created")
    assert subscription.data == {"callback": "handle", "payload": fields, **numbers}
    assert responder[:3] == ("responder", "made.responder", "user.asked")
    assert responder.data == {"callback": "handle", "payload": fields}


def test_an_unknown_transport_is_refused() -> None:
    (tool,) = register_tools()

    with pytest.raises(ValueError, match=r"\$\.EVENT_BUS_URL"):
        tool.factory({"EVENT_BUS_URL": "nats://localhost"})


# ---------------------------------------------------------------- when it takes events


@pytest.mark.parametrize("call", ["publish", "request"])
async def test_nothing_is_taken_before_ready(boot: Boot, call: str) -> None:
    bus = await boot()

    with pytest.raises(RuntimeError) as refused:
        await getattr(bus, call)("said", 1)

    assert str(refused.value) == "event_bus took no 'said', as the system still boots: do it in `on_ready` or later"


@pytest.mark.parametrize("call", ["publish", "request"])
async def test_nothing_is_taken_after_shutdown(bus: Work, call: str) -> None:
    await bus.on_shutdown()

    with pytest.raises(RuntimeError) as refused:
        await getattr(bus, call)("said", 1)

    assert str(refused.value) == "event_bus took no 'said', as the system has shut down: do it before"


@pytest.mark.parametrize(
    "payload", [object(), {"when": object()}, "\ud800", {1.5j: 1}], ids=["object", "nested", "surrogate", "key"]
)
async def test_a_payload_that_is_not_json_is_refused(bus: Work, payload: object) -> None:
    with pytest.raises(PayloadError, match=r"^event_bus cannot take the payload of 'said', it is not JSON \("):
        await bus.publish("said", payload)


async def test_a_payload_without_end_is_refused(bus: Work) -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(PayloadError, match="it is not JSON"):
        await bus.publish("said", endless)


async def test_a_payload_over_256_kib_is_refused_and_one_of_256_kib_is_not(bus: Work) -> None:
    largest = "x" * (256 * 1024 - 2)  # two quotes

    await bus.publish("said", largest)
    with pytest.raises(PayloadError, match="it has 262145 bytes of at most 262144"):
        await bus.publish("said", largest + "x")


async def test_shutdown_waits_for_what_is_queued_and_for_what_that_publishes(bus: Work) -> None:
    seen = list[Any]()

    async def handle(number: int) -> None:
        await asyncio.sleep(0)
        await bus.publish("second", number)

    subscribe(bus, "first", handle)
    subscribe(bus, "second", seen.append)

    for number in range(20):
        await bus.publish("first", number)
    await bus.on_shutdown()

    assert (seen, bus.pending()) == (list(range(20)), 0)


async def test_a_shutdown_that_is_cut_short_says_what_is_lost(bus: Work, caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    subscribe(bus, "said", gate.handle)
    for number in range(3):
        await bus.publish("said", number)
    await gate.began.wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await bus.on_shutdown()

    assert gate.seen == []
    assert "event_bus lost 3 events at shutdown" in caplog.text
    assert "'made.listener.handle': 3" in caplog.text


# ---------------------------------------------------------------- bounds


async def full(boot: Boot, wait_s: str) -> tuple[Work, Gate]:
    """Boot a bus on which a `said` more is one too many."""
    bus, gate = await boot(EVENT_BUS_QUEUE="2", EVENT_BUS_WAIT_S=wait_s), Gate()
    await bus.on_ready()
    subscribe(bus, "said", gate.handle)
    await bus.publish("said", 1)
    await bus.publish("said", 2)
    return bus, gate


async def test_a_publish_waits_for_room(boot: Boot) -> None:
    bus, gate = await full(boot, "60")
    waiting = asyncio.create_task(bus.publish("said", 3))
    await gate.began.wait()
    assert not waiting.done()

    gate.opened.set()
    await waiting
    await bus.on_shutdown()

    assert gate.seen == [1, 2, 3]


async def test_publishers_that_wait_go_on_in_the_order_of_their_coming(boot: Boot) -> None:
    bus, gate = await full(boot, "60")
    waiting = [asyncio.create_task(bus.publish("said", number)) for number in range(3, 30)]
    await gate.began.wait()

    gate.opened.set()
    await asyncio.gather(*waiting)
    await bus.on_shutdown()

    assert gate.seen == list(range(1, 30))


async def test_a_publish_is_refused_when_there_is_no_room_in_time(boot: Boot) -> None:
    bus, gate = await full(boot, "0.01")

    with pytest.raises(BusFull) as refused:
        await bus.publish("said", 3)
    gate.opened.set()

    assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
    assert str(refused.value) == (
        "event_bus queued 'said' for nobody, as the queue of made.listener.handle is full: "
        "make that subscriber faster, or raise EVENT_BUS_QUEUE"
    )


async def test_a_refused_event_reaches_no_subscriber_at_all(boot: Boot) -> None:
    bus, gate = await full(boot, "0")
    seen = list[Any]()
    subscribe(bus, "said", seen.append)

    with pytest.raises(BusFull):
        await bus.publish("said", 3)
    gate.opened.set()
    await bus.on_shutdown()

    assert (gate.seen, seen) == ([1, 2], [])


async def test_a_publish_that_is_cancelled_while_it_waits_queues_nothing(boot: Boot) -> None:
    bus, gate = await full(boot, "60")
    waiting = asyncio.create_task(bus.publish("said", 3))
    await gate.began.wait()

    waiting.cancel()
    await asyncio.wait({waiting})
    gate.opened.set()
    await bus.publish("said", 4)
    await bus.on_shutdown()

    assert gate.seen == [1, 2, 4]


async def test_a_callback_that_finds_its_own_queue_full_is_refused_at_once(boot: Boot) -> None:
    bus = await boot(EVENT_BUS_QUEUE="1", EVENT_BUS_WAIT_S="60")
    await bus.on_ready()

    async def handle(number: int) -> None:
        await bus.publish("said", number + 1)

    subscribe(bus, "said", handle)

    await bus.publish("said", 1)
    await bus.on_shutdown()

    (failure,) = bus.failures()
    assert failure.error.startswith("BusFull: ")


async def test_events_that_cause_each_other_without_end_are_stopped_after_16(bus: Work) -> None:
    seen = list[int]()

    async def handle(number: int) -> None:
        seen.append(number)
        await bus.publish("again", number + 1)

    subscribe(bus, "again", handle)

    await bus.publish("again", 1)
    await bus.on_shutdown()

    (failure,) = bus.failures()
    assert seen == list(range(1, 17))
    assert failure.error.startswith(
        "ChainError: event_bus refuses 'again' after 16 events that caused each other, again -> "
    )


async def test_requests_that_cause_each_other_without_end_are_stopped_after_16(bus: Work) -> None:
    async def answer(number: int) -> int:
        try:
            return int(await bus.request("again", number + 1))
        except ChainError:
            return number

    reply(bus, "again", answer)

    assert await bus.request("again", 1) == 16


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no"), "ValueError: no"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
        (asyncio.CancelledError(), "CancelledError: "),
        (GeneratorExit("no"), "GeneratorExit: no"),
        (StopIteration("no"), "RuntimeError: coroutine raised StopIteration"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
async def test_a_callback_that_raises_loses_neither_later_events_nor_its_subscription(
    bus: Work, error: BaseException, text: str
) -> None:
    seen = list[Any]()

    async def handle(number: int) -> None:
        if number == 1:
            raise error
        seen.append(number)

    subscribe(bus, "said", handle)

    for number in range(3):
        await bus.publish("said", number)
    await bus.on_shutdown()

    assert seen == [0, 2]
    assert [failure.error for failure in bus.failures()] == [text]


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(3), StopIteration("no")], ids=lambda e: type(e).__name__
)
async def test_a_def_that_raises_is_a_failure_too(bus: Work, error: BaseException) -> None:
    def handle(_payload: Any) -> None:
        raise error

    subscribe(bus, "said", handle)

    await bus.publish("said", 1)
    await bus.on_shutdown()

    (failure,) = bus.failures()
    assert type(error).__name__ in failure.error


async def test_a_callback_that_cancels_the_task_it_runs_in_is_still_subscribed(bus: Work) -> None:
    seen = list[Any]()

    async def handle(number: int) -> None:
        seen.append(number)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    subscribe(bus, "said", handle)

    for number in range(3):
        await bus.publish("said", number)
    await bus.on_shutdown()

    assert (seen, len(bus.failures())) == ([0, 1, 2], 3)


async def test_a_hundred_failures_unsubscribe_nobody(bus: Work, caplog: pytest.LogCaptureFixture) -> None:
    seen = list[Any]()

    async def handle(number: int) -> None:
        if number < 100:
            raise ValueError(number)
        seen.append(number)

    subscribe(bus, "said", handle)

    for number in range(101):
        await bus.publish("said", number)
    await bus.on_shutdown()

    assert seen == [100]
    assert len(caplog.records) == 100


async def test_a_failure_says_all_about_itself(bus: Work, caplog: pytest.LogCaptureFixture) -> None:
    async def handle(user: UserCreated) -> None:
        raise ValueError(f"no room for {user.id}")

    subscribe(bus, "user.created", handle, retries=1, backoff=0)

    await bus.publish("user.created", UserCreated(7, "ana@example.com"))
    await bus.on_shutdown()

    (failure,) = bus.failures()
    assert (failure.event, failure.subscriber) == ("user.created", "made.listener.handle")
    assert (failure.error, failure.attempts) == ("ValueError: no room for 7", 2)
    assert failure.payload == {"id": 7, "email": "ana@example.com"}
    assert failure.event_id and failure.failed_at_utc.tzinfo is UTC
    assert f"made.listener.handle failed 'user.created' ({failure.event_id}) for good in attempt 2" in caplog.text


async def test_the_last_thousand_failures_are_kept(bus: Work) -> None:
    async def handle(_payload: Any) -> None:
        raise ValueError

    subscribe(bus, "said", handle)

    for number in range(1_005):
        await bus.publish("said", number)
    await bus.on_shutdown()

    assert [failure.payload for failure in bus.failures()] == list(range(5, 1_005))


async def test_a_payload_that_does_not_fit_fails_with_the_path(bus: Work) -> None:
    async def handle(user: OnlyId) -> None:
        pass

    subscribe(bus, "said", handle)

    await bus.publish("said", {"id": "seven"})
    await bus.on_shutdown()

    (failure,) = bus.failures()
    assert failure.error == "ValidationError: Expected `int`, got `str` - at `$.id`"


async def test_a_retry_gets_a_fresh_copy_and_holds_the_order(bus: Work) -> None:
    seen = list[Any]()

    async def handle(payload: dict[str, Any], envelope: Envelope) -> None:
        seen.append((payload.pop("number"), envelope.attempt))
        if seen[-1] in [(1, 1), (1, 2)]:
            raise ValueError

    subscribe(bus, "said", handle, retries=2, backoff=0)

    await bus.publish("said", {"number": 1})
    await bus.publish("said", {"number": 2})
    await bus.on_shutdown()

    assert seen == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert bus.failures() == []


async def test_a_callback_that_met_another_one_and_did_nothing_is_called_again_which_is_no_attempt(
    bus: Work,
) -> None:
    seen = list[Any]()

    class Met(Refusal):
        runs_again = True

    async def handle(number: int, envelope: Envelope) -> None:
        seen.append((number, envelope.attempt))
        if number == 2 or len(seen) < 4:
            raise Met(503, "this was changed at the same time")

    subscribe(bus, "said", handle)

    await bus.publish("said", 1)
    await bus.publish("said", 2)
    await bus.on_shutdown()

    (failure,) = bus.failures()
    assert (seen[:4], failure.attempts) == ([(1, 1)] * 4, 1)
    assert 4 < len(seen) <= 4 + 11


async def test_an_attempt_is_cut_at_its_time_out(bus: Work) -> None:
    seen = list[Any]()

    async def handle(number: int) -> None:
        if number == 1:
            await asyncio.Event().wait()
        seen.append(number)

    subscribe(bus, "said", handle, timeout=0.01)

    await bus.publish("said", 1)
    await bus.publish("said", 2)
    await bus.on_shutdown()

    (failure,) = bus.failures()
    assert (seen, failure.error) == ([2], "TimeoutError: made.listener.handle did not end within 0.01 s")


class Hanging:
    """A `def` callback that hangs in its thread until it is let go."""

    def __init__(self) -> None:
        self.seen, self.let_go = list[Any](), threading.Event()

    def handle(self, payload: Any) -> None:
        self.seen.append(payload)
        assert self.let_go.wait(20)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.005)


async def test_a_def_that_hangs_keeps_one_thread_and_what_comes_next_waits_for_it(bus: Work) -> None:
    hanging = Hanging()
    subscribe(bus, "said", hanging.handle, timeout=0.01)

    for number in range(40):
        await bus.publish("said", number)
    await until(bus.failures)
    await asyncio.sleep(0.1)  # ten time-outs
    seen = list(hanging.seen)
    hanging.let_go.set()
    await until(lambda: not bus.pending())

    assert (seen, hanging.seen) == ([0], list(range(40)))
    assert bus.failures()[0].error == "TimeoutError: made.listener.handle did not end within 0.01 s"


async def test_a_retry_waits_for_the_thread_of_the_attempt_before(bus: Work) -> None:
    hanging = Hanging()
    subscribe(bus, "said", hanging.handle, retries=2, backoff=0, timeout=0.01)

    await bus.publish("said", 1)
    await until(lambda: hanging.seen)
    await asyncio.sleep(0.1)
    seen = list(hanging.seen)
    hanging.let_go.set()
    await until(lambda: not bus.pending())

    assert (seen, hanging.seen, bus.failures()) == ([1], [1, 1], [])


async def test_the_shutdown_does_not_wait_for_a_thread_that_hangs(bus: Work, caplog: pytest.LogCaptureFixture) -> None:
    hanging = Hanging()
    subscribe(bus, "said", hanging.handle, timeout=0.01)
    await bus.publish("said", 1)
    await bus.publish("said", 2)
    await until(bus.failures)

    async with asyncio.timeout(5):
        await bus.on_shutdown()
    hanging.let_go.set()

    assert "event_bus lost 1 events at shutdown" in caplog.text


async def test_the_awaitable_that_a_def_answers_is_cut_at_the_time_out_too(bus: Work) -> None:
    ended = asyncio.Event()

    async def finish() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    def handle(_payload: Any) -> Any:
        return finish()

    subscribe(bus, "said", handle, timeout=0.1)

    await bus.publish("said", 1)
    await bus.on_shutdown()

    assert ended.is_set()
    assert [failure.attempts for failure in bus.failures()] == [1]


async def test_what_a_def_answers_after_its_time_out_is_dropped(bus: Work) -> None:
    hanging, begun = Hanging(), list[Any]()

    async def finish(payload: Any) -> None:
        begun.append(payload)

    def handle(payload: Any) -> Any:
        hanging.handle(payload)
        return finish(payload)

    subscribe(bus, "said", handle, timeout=0.05)

    await bus.publish("said", 1)
    await until(bus.failures)
    hanging.let_go.set()
    await bus.publish("said", 2)  # which waits for the thread of the first
    await until(lambda: not bus.pending())

    assert begun == [2]


async def test_a_time_out_of_the_callback_itself_is_told_apart(bus: Work) -> None:
    async def handle(_payload: Any) -> None:
        await asyncio.sleep(0)
        raise TimeoutError("the mail server")

    subscribe(bus, "said", handle)

    await bus.publish("said", 1)
    await bus.on_shutdown()

    assert [failure.error for failure in bus.failures()] == ["TimeoutError: the mail server"]


# ---------------------------------------------------------------- context

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="fresh")


async def test_each_event_starts_in_a_fresh_context(bus: Work) -> None:
    seen = list[str]()

    async def handle(_payload: Any) -> None:
        seen.append(variable.get())
        variable.set("set in a callback")
        await asyncio.sleep(0)
        seen.append(variable.get())

    subscribe(bus, "said", handle)
    token = variable.set("set by the publisher")

    await bus.publish("said", 1)
    await bus.publish("said", 2)
    await bus.on_shutdown()
    variable.reset(token)

    assert seen == ["fresh", "set in a callback"] * 2


async def test_the_trace_follows_from_the_request_to_the_event_to_the_event(bus: Work) -> None:
    seen = dict[str, Trace]()

    async def first(_payload: Any) -> None:
        seen["first"] = trace.get()
        await asyncio.sleep(0)
        await bus.publish("second", 1)

    def second(_payload: Any) -> None:
        seen["second"] = trace.get()

    subscribe(bus, "first", first)
    subscribe(bus, "second", second)
    token = trace.set(Trace("trace-1", "request-1"))

    await bus.publish("first", 1)
    await bus.on_shutdown()
    trace.reset(token)

    assert seen["first"] == Trace("trace-1", "request-1", seen["first"].event_id, "request-1")
    assert seen["second"] == Trace("trace-1", "request-1", seen["second"].event_id, seen["first"].event_id)
    assert len({"", seen["first"].event_id, seen["second"].event_id}) == 3


async def test_a_callback_may_register_nothing(bus: Work) -> None:
    async def handle(_payload: Any) -> None:
        bus.subscribe("late", lambda payload: None)

    subscribe(bus, "said", handle)

    await bus.publish("said", 1)
    await bus.on_shutdown()

    assert "outside a hook" in bus.failures()[0].error


# ---------------------------------------------------------------- requests


async def test_a_request_gets_what_the_responder_returns(bus: Work) -> None:
    async def answer(user: OnlyId) -> UserCreated:
        return UserCreated(user.id, "ana@example.com")

    reply(bus, "user.asked", answer)

    plain = await bus.request("user.asked", {"id": 7})
    typed = await bus.request("user.asked", OnlyId(7), into=UserCreated)

    assert plain == {"id": 7, "email": "ana@example.com"}
    assert typed == UserCreated(7, "ana@example.com")


async def test_a_def_may_reply_and_know_the_envelope(bus: Work) -> None:
    def answer(payload: Any, envelope: Envelope) -> list[Any]:
        return [payload, envelope.event]

    reply(bus, "asked", answer)

    assert await bus.request("asked", 1) == [1, "asked"]


async def test_the_answer_is_a_copy(bus: Work) -> None:
    kept = {"tags": ["new"]}
    reply(bus, "asked", lambda payload: kept)

    answer = await bus.request("asked", 1)
    answer["tags"].append("spoilt")

    assert kept == {"tags": ["new"]}


async def test_requests_are_answered_side_by_side(bus: Work) -> None:
    both = asyncio.Barrier(2)

    async def answer(number: int) -> int:
        await both.wait()
        return number

    reply(bus, "asked", answer)

    answers = await asyncio.gather(bus.request("asked", 1), bus.request("asked", 2))

    assert list(answers) == [1, 2]


async def test_a_refusal_of_the_responder_reaches_who_asked_as_it_is(bus: Work) -> None:
    refusal = Refusal(404, "there is no user 7")

    async def answer(_payload: Any) -> None:
        raise refusal

    reply(bus, "asked", answer)

    with pytest.raises(Refusal) as refused:
        await bus.request("asked", 1)
    assert refused.value is refusal


@pytest.mark.parametrize(
    "error", [KeyError("id"), SystemExit(3), asyncio.CancelledError()], ids=lambda error: type(error).__name__
)
async def test_any_other_error_of_the_responder_is_a_reply_error(bus: Work, error: BaseException) -> None:
    async def answer(_payload: Any) -> None:
        raise error

    reply(bus, "asked", answer)

    with pytest.raises(ReplyError) as failed:
        await bus.request("asked", 1)
    assert failed.value.__cause__ is error
    assert str(failed.value).startswith(
        f"event_bus has no answer to 'asked', as made.responder.answer failed: {type(error).__name__}: "
    )


@pytest.mark.parametrize("answer", [object(), "seven"], ids=["not json", "not an int"])
async def test_an_answer_that_does_not_fit_is_a_reply_error(bus: Work, answer: object) -> None:
    async def reply_so(_payload: Any) -> object:
        return answer

    reply(bus, "asked", reply_so)

    with pytest.raises(ReplyError, match=r"as made\.responder\.reply_so failed: "):
        await bus.request("asked", 1, into=int)


async def test_a_request_that_nobody_replies_to_is_refused_at_once(bus: Work) -> None:
    subscribe(bus, "asked", lambda payload: "listening is not replying")

    with pytest.raises(NobodyRepliesError) as refused:
        await bus.request("asked", 1)

    assert refused.value.status == 503
    assert "nobody who replies to 'asked'" in str(refused.value)


async def test_a_request_without_an_answer_in_time_is_refused(bus: Work) -> None:
    gate = Gate()
    reply(bus, "asked", gate.handle)

    with pytest.raises(RequestTimeoutError) as refused:
        await bus.request("asked", 1, timeout=0.01)

    assert refused.value.status == 504
    assert str(refused.value) == (
        "event_bus got no answer to 'asked' from made.responder.handle within 0.01 s: "
        "make it faster, or raise `timeout`"
    )


async def test_a_responder_that_swallows_its_cancellation_does_not_keep_who_asked(bus: Work) -> None:
    last = asyncio.Event()

    async def answer(_payload: Any) -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await last.wait()
        return "late"

    reply(bus, "asked", answer)

    with pytest.raises(RequestTimeoutError):
        await bus.request("asked", 1, timeout=0.01)
    last.set()


async def test_a_hundred_requests_that_time_out_leave_nothing_behind(bus: Work) -> None:
    gate = Gate()
    reply(bus, "asked", gate.handle)
    tasks = asyncio.all_tasks()

    requests = [bus.request("asked", number, timeout=0.01) for number in range(100)]
    outcomes = await asyncio.gather(*requests, return_exceptions=True)
    await bus.on_shutdown()

    assert {type(outcome) for outcome in outcomes} == {RequestTimeoutError}
    assert asyncio.all_tasks() == tasks


async def test_the_responder_is_cancelled_with_who_asked(bus: Work) -> None:
    began, cancelled = asyncio.Event(), asyncio.Event()

    async def answer(_payload: Any) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    reply(bus, "asked", answer)
    asking = asyncio.create_task(bus.request("asked", 1, timeout=60))
    await began.wait()

    asking.cancel()

    await cancelled.wait()


async def test_a_second_responder_is_refused_and_the_first_stays(bus: Work) -> None:
    async def answer(_payload: Any) -> str:
        return "first"

    reply(bus, "asked", answer)

    with hook("made.rival") as undo, pytest.raises(ValueError) as refused:
        bus.reply("asked", answer)
    undo.close()

    assert str(refused.value) == (
        "made.rival.answer cannot reply to 'asked', as made.responder.answer does: remove one of the two"
    )
    assert await bus.request("asked", 1) == "first"


async def test_a_request_keeps_the_trace_and_leaks_no_variables(bus: Work) -> None:
    seen = list[Any]()

    async def answer(_payload: Any) -> None:
        seen.extend([trace.get(), variable.get()])

    reply(bus, "asked", answer)
    tokens = trace.set(Trace("trace-1", "request-1")), variable.set("set by who asks")

    await bus.request("asked", 1)
    trace.reset(tokens[0])
    variable.reset(tokens[1])

    assert seen == [Trace("trace-1", "request-1", seen[0].event_id, "request-1"), "fresh"]


# ---------------------------------------------------------------- transactions


class Transaction:
    """As `db.after_commit`: at once outside a transaction, else after its commit."""

    def __init__(self) -> None:
        self.is_open, self.waiting = False, list[Callable[[], object]]()

    async def after_commit(self, callback: Callable[[], object]) -> None:
        if self.is_open:
            self.waiting.append(callback)
        else:
            callback()

    def commit(self) -> None:
        for callback in self.waiting:
            callback()


async def held(bus: Work) -> tuple[Transaction, list[Any]]:
    """Compose the bus with a transaction; events called `said` arrive in the list."""
    transaction, seen = Transaction(), list[Any]()

    async def handle(payload: Any) -> None:
        seen.append(payload)

    subscribe(bus, "said", handle)
    with hook("made.holder"):
        bus.hold_until(transaction.after_commit)
    return transaction, seen


async def test_an_event_goes_out_at_once_where_there_is_no_transaction(bus: Work) -> None:
    _transaction, seen = await held(bus)

    await bus.publish("said", 1)
    await bus.on_shutdown()

    assert seen == [1]


async def test_an_event_goes_out_after_the_commit(bus: Work) -> None:
    transaction, seen = await held(bus)
    transaction.is_open = True

    await bus.publish("said", 1)
    assert bus.pending() == 0
    transaction.commit()
    await bus.on_shutdown()

    assert seen == [1]


async def test_an_event_of_a_rolled_back_transaction_goes_nowhere(bus: Work) -> None:
    transaction, seen = await held(bus)
    transaction.is_open = True

    await bus.publish("said", 1)
    transaction.waiting.clear()
    await bus.on_shutdown()

    assert seen == []


async def test_an_event_that_was_taken_is_queued_at_the_commit_whatever_the_bound(boot: Boot) -> None:
    bus = await boot(EVENT_BUS_QUEUE="1")
    await bus.on_ready()
    transaction, seen = await held(bus)
    transaction.is_open = True

    for number in range(5):
        await bus.publish("said", number)
    transaction.commit()
    await bus.on_shutdown()

    assert seen == list(range(5))


async def test_a_plain_function_may_hold_events(bus: Work) -> None:
    seen = list[Any]()
    subscribe(bus, "said", seen.append)
    with hook("made.holder"):
        bus.hold_until(lambda callback: callback())

    await bus.publish("said", 1)
    await bus.on_shutdown()

    assert seen == [1]


async def test_an_event_keeps_the_trace_of_its_publish_and_not_of_the_commit(bus: Work) -> None:
    seen, transaction = list[Trace](), Transaction()

    async def handle(_payload: Any) -> None:
        seen.append(trace.get())

    subscribe(bus, "said", handle)
    with hook("made.holder"):
        bus.hold_until(transaction.after_commit)
    transaction.is_open, token = True, trace.set(Trace("trace-1", "request-1"))

    await bus.publish("said", 1)
    trace.reset(token)
    transaction.commit()
    await bus.on_shutdown()

    assert (seen[0].trace_id, seen[0].parent_id) == ("trace-1", "request-1")


async def test_an_event_that_is_committed_after_the_shutdown_is_said_to_be_lost(
    bus: Work, caplog: pytest.LogCaptureFixture
) -> None:
    transaction, seen = await held(bus)
    transaction.is_open = True
    await bus.publish("said", 1)

    await bus.on_shutdown()
    transaction.commit()

    assert seen == []
    assert "event_bus lost 'said'" in caplog.text


async def test_only_one_holds_events_until_it_is_undone(bus: Work) -> None:
    with hook("made.holder") as undo:
        bus.hold_until(lambda callback: callback())

    with hook("made.rival"), pytest.raises(ValueError) as refused:
        bus.hold_until(lambda callback: callback())
    undo.close()
    await held(bus)

    assert str(refused.value) == "made.rival cannot hold events, as made.holder does: remove one of the two"
    assert [fact.data["held_by"] for fact in bus.describe() if fact.kind == "transport"] == ["made.holder"]


@pytest.mark.parametrize("value", ["inf", "nan", "1e12", "-1", "soon"])
def test_a_wrong_wait_is_named(value: str) -> None:
    (tool,) = register_tools()

    with pytest.raises(msgspec.ValidationError, match="EVENT_BUS_WAIT_S"):
        tool.factory({"EVENT_BUS_WAIT_S": value})
