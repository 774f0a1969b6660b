"""What only the `state` in memory does, and how its settings are refused."""

import asyncio

import msgspec
import pytest

from hookspecs import Refusal, Tool
from tools.state import register_tools
from tools.state.contract import StateFullError
from tools.state.memory_state import MemoryState
from tools.state.memory_store import MemoryStore
from tools.state.settings import StateSettings


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def offered() -> Tool:
    (tool,) = register_tools()
    return tool


@pytest.mark.parametrize(
    ("url", "asked"),
    [("etcd://:canary-1@cache:6379", "'etcd', and there are"), ("canary-1:x", "something that is no URL: there are")],
)
def test_another_store_is_refused_without_its_password(url: str, asked: str) -> None:
    message = f"^STATE_URL asks for {asked} only memory, redis, rediss and unix: use e.g. 'redis://localhost:6379/0'"
    with pytest.raises(ValueError, match=message) as caught:
        offered().factory({"STATE_URL": url})

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
