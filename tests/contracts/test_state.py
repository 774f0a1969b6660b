"""What every `state` keeps; at the end, what only the one in memory does."""

import asyncio
import datetime
from collections.abc import AsyncIterator

import msgspec
import pytest

from hookspecs import Refusal, Tool
from tools.state import register_tools
from tools.state.contract import NotIntegerError, State, StateFullError, UnstorableError
from tools.state.memory_state import MemoryState
from tools.state.memory_store import MemoryStore
from tools.state.settings import StateSettings

NOON = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.UTC)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Point(msgspec.Struct):
    x: int


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory"])
async def state(clock: Clock) -> AsyncIterator[State]:
    work = MemoryState(StateSettings(), MemoryStore(clock))
    await work.on_ready()
    yield work
    await work.on_shutdown()


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        (True, True),
        (-7, -7),
        (1.5, 1.5),
        ("ñ", "ñ"),
        (b"\x00\xff", b"\x00\xff"),
        ([1, {"a": [None]}], [1, {"a": [None]}]),
        ((1, 2), [1, 2]),
        (NOON, NOON),
        (Point(3), {"x": 3}),
    ],
    ids=["none", "bool", "int", "float", "text", "bytes", "nested", "tuple", "datetime", "struct"],
)
async def test_what_is_set_comes_back(state: State, value: object, kept: object) -> None:
    await state.set("key", value)

    assert await state.get("key", "default") == kept


async def test_what_was_never_set_is_the_default(state: State) -> None:
    assert [await state.get("key"), await state.get("key", 5), await state.ttl("key")] == [None, 5, None]


async def test_a_value_is_copied_in_and_out(state: State) -> None:
    value = {"list": [1]}
    await state.set("key", value)

    value["list"].append(2)
    (await state.get("key"))["list"].append(3)

    assert await state.get("key") == {"list": [1]}


@pytest.mark.parametrize(
    "value", [object(), 2**64, "\ud800", [lambda: 0]], ids=["object", "int", "surrogate", "nested"]
)
async def test_what_cannot_be_stored_is_refused_and_changes_nothing(state: State, value: object) -> None:
    await state.set("key", "before")

    with pytest.raises(UnstorableError, match="^state cannot store the value of 'key', "):
        await state.set("key", value)

    assert await state.get("key") == "before"


async def test_a_value_within_itself_is_refused(state: State) -> None:
    value: list[object] = []
    value.append(value)

    with pytest.raises(UnstorableError):
        await state.set("key", value)


async def test_delete_tells_whether_there_was_something(state: State) -> None:
    await state.set("key", None)

    assert [await state.delete("key"), await state.delete("key")] == [True, False]
    assert await state.get("key", "default") == "default"


async def test_a_value_is_gone_when_its_time_is_over(state: State, clock: Clock) -> None:
    await state.set("key", 1, ttl=10)
    clock.now_s += 4
    left_s, before = await state.ttl("key"), await state.get("key")

    clock.now_s += 6

    assert (left_s, before) == (6, 1)
    assert [await state.get("key"), await state.ttl("key"), await state.delete("key")] == [None, None, False]


async def test_setting_again_replaces_the_time_too(state: State, clock: Clock) -> None:
    await state.set("shorter", 1, ttl=100)
    await state.set("shorter", 2, ttl=5)
    await state.set("stays", 1, ttl=5)
    await state.set("stays", 2)

    clock.now_s += 50

    assert [await state.get("shorter"), await state.get("stays"), await state.ttl("stays")] == [None, 2, None]


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
async def test_a_time_that_is_not_above_zero_is_refused(state: State, ttl: float) -> None:
    with pytest.raises(ValueError, match="^state got ttl="):
        await state.set("key", 1, ttl=ttl)
    with pytest.raises(ValueError, match="^state got ttl="):
        await state.increment("key", ttl=ttl)

    assert await state.get("key") is None


async def test_a_counter_counts_from_zero_and_by_what_is_said(state: State) -> None:
    counts = [await state.increment("n"), await state.increment("n", 5), await state.increment("n", -8)]

    assert counts == [1, 6, -2]
    assert await state.get("n") == -2


async def test_of_concurrent_increments_none_is_lost(state: State) -> None:
    counts = await asyncio.gather(*(state.increment("n") for _ in range(500)))

    assert sorted(counts) == list(range(1, 501))


async def test_a_counter_lives_from_its_first_increment(state: State, clock: Clock) -> None:
    await state.increment("n", ttl=10)
    clock.now_s += 9
    await state.increment("n", ttl=10)
    left_s = await state.ttl("n")

    clock.now_s += 1

    assert left_s == 1
    assert [await state.increment("n", ttl=10), await state.ttl("n")] == [1, 10]


@pytest.mark.parametrize("value", ["1", True, 1.0, None, [1]], ids=str)
async def test_only_an_integer_can_be_incremented(state: State, value: object) -> None:
    await state.set("key", value)

    with pytest.raises(NotIntegerError, match="^state cannot increment 'key', which holds a "):
        await state.increment("key")

    assert await state.get("key") == value


async def test_a_counter_takes_only_integers_and_keeps_within_64_bits(state: State) -> None:
    await state.set("n", 2**64 - 1)

    with pytest.raises(NotIntegerError, match=r"^state cannot add 1.5 to 'm': give an integer$"):
        await state.increment("m", 1.5)  # type: ignore[arg-type]  # what a plugin without types may do
    with pytest.raises(UnstorableError):
        await state.increment("n")

    assert [await state.get("n"), await state.get("m")] == [2**64 - 1, None]


async def test_keys_of_two_namespaces_never_meet(state: State) -> None:
    views = [state, state.namespace("a"), state.namespace("b"), state.namespace("a").namespace("b")]
    views += [state.namespace("a:b"), state.namespace("a/b"), state.namespace("")]

    for number, view in enumerate(views):
        await view.set("key", number)
    await state.set("a:key", "spoiler")

    assert [await view.get("key") for view in views] == list(range(len(views)))


async def test_two_views_of_one_namespace_are_one(state: State) -> None:
    await state.namespace("a").set("key", 1)
    await state.namespace("a").increment("key")

    assert await state.namespace("a").get("key") == 2
    assert await state.namespace("a").delete("key")


# ------------------------------------------------------------------ in memory


def offered() -> Tool:
    (tool,) = register_tools()
    return tool


def test_another_store_than_memory_is_refused_without_its_password() -> None:
    with pytest.raises(ValueError, match="^STATE_URL asks for 'redis', and there is only memory yet: use") as caught:
        offered().factory({"STATE_URL": "redis://:canary-1@cache:6379"})

    assert "canary-1" not in str(caught.value)


@pytest.mark.parametrize(
    "environ", [{"STATE_MAX_KEYS": "0"}, {"STATE_SWEEP_S": "never"}, {"STATE_SWEEP_S": "inf"}], ids=str
)
def test_a_wrong_setting_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(environ))):
        offered().factory(environ)


async def test_a_full_memory_refuses_new_keys_and_serves_the_known_ones(clock: Clock) -> None:
    state = MemoryState(StateSettings(state_max_keys=2), MemoryStore(clock))
    await state.set("a", 1)
    await state.namespace("n").set("a", 1)

    with pytest.raises(StateFullError) as caught:
        await state.increment("b")

    assert isinstance(caught.value, Refusal) and (caught.value.status, caught.value.retry_after_s) == (503, 30)
    assert await state.increment("a") == 2


async def test_a_full_memory_makes_room_from_what_is_over(clock: Clock) -> None:
    state = MemoryState(StateSettings(state_max_keys=2), MemoryStore(clock))
    await state.set("a", 1, ttl=1)
    await state.set("b", 1, ttl=9)

    clock.now_s += 1
    await state.set("c", 1)

    assert [await state.get("a"), await state.get("b"), await state.get("c")] == [None, 1, 1]


async def test_what_is_over_is_swept_though_nobody_asks_for_it(clock: Clock) -> None:
    store = MemoryStore(clock)
    state = MemoryState(StateSettings(state_sweep_s=0.001), store)
    for number in range(2500):
        await state.set(f"key {number}", number, ttl=5)
    await state.set("stays", 1)
    clock.now_s += 5

    await state.on_ready()

    async with asyncio.timeout(5):
        while len(store) > 1:
            await asyncio.sleep(0)
    assert await state.get("stays") == 1
    await state.on_shutdown()


async def test_the_sweeper_sweeps_again_and_ends_with_the_app(clock: Clock) -> None:
    store = MemoryStore(clock)
    state = MemoryState(StateSettings(state_sweep_s=0.001), store)
    await state.on_ready()
    for _ in range(2):
        await state.set("key", 1, ttl=5)
        clock.now_s += 5
        async with asyncio.timeout(5):
            while len(store):
                await asyncio.sleep(0)

    await state.on_shutdown()

    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "state-sweeper"] == []


async def test_a_key_set_again_and_again_does_not_fill_the_memory(clock: Clock) -> None:
    store = MemoryStore(clock)
    state = MemoryState(StateSettings(), store)
    await state.set("stays", 0)

    for number in range(1000):
        await state.set("key", number, ttl=1 + number)

    assert len(store._ends) < 100
    clock.now_s += 999.5
    store.sweep(100)
    assert [await state.get("key"), await state.get("stays")] == [999, 0]


async def test_shutting_down_what_was_never_ready_is_nothing() -> None:
    await offered().factory({}).on_shutdown()  # type: ignore[attr-defined]  # a factory's work is an object
