"""What every `state` keeps."""

import asyncio
import datetime
import enum
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import msgspec
import pytest
from redis.asyncio import Redis

from tests.redis_server import server
from tools.state.contract import NotIntegerError, State, UnstorableError
from tools.state.memory_state import MemoryState
from tools.state.memory_store import MemoryStore
from tools.state.redis_link import RedisLink
from tools.state.redis_state import RedisState
from tools.state.settings import StateSettings

NOON = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.UTC)


class Level(enum.IntEnum):
    HIGH = 7


def nearly(seconds: float) -> object:
    return pytest.approx(seconds, abs=0.5)


class Point(msgspec.Struct):
    x: int


class Passing:
    """A `state`, and time that passes for it when a test says so."""

    state: State

    async def by(self, seconds: float) -> None:
        raise NotImplementedError


class InMemory(Passing):
    def __init__(self) -> None:
        self.now_s = 1000.0
        self.state: MemoryState = MemoryState(StateSettings(), MemoryStore(lambda: self.now_s))

    async def by(self, seconds: float) -> None:
        self.now_s += seconds


class InRedis(Passing):
    """Takes from the time that each key has left: what is over, Redis then says itself."""

    def __init__(self, url: str) -> None:
        settings = StateSettings(state_url=url, state_prefix=f"test {uuid4().hex}", state_timeout_s=10)
        self.state: RedisState = RedisState(settings, RedisLink(settings))
        self._client = Redis.from_url(url)
        self._keys = f"{settings.state_prefix}:*"

    async def by(self, seconds: float) -> None:
        async for key in self._client.scan_iter(self._keys):
            if (left_ms := await self._client.pttl(key)) >= 0:
                await self._client.pexpire(key, round(left_ms - 1000 * seconds))

    async def leave(self) -> None:
        async for key in self._client.scan_iter(self._keys):
            await self._client.delete(key)
        await self._client.aclose()


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with server() as redis:
        yield redis.url


@pytest.fixture(params=["memory", "redis"])
async def time(request: pytest.FixtureRequest) -> AsyncIterator[Passing]:
    if request.param == "memory":
        memory = InMemory()
        await memory.state.on_ready()
        yield memory
        await memory.state.on_shutdown()
    else:
        redis = InRedis(request.getfixturevalue("redis_url"))
        await redis.state.on_boot()
        yield redis
        await redis.state.on_shutdown()
        await redis.leave()


@pytest.fixture
def state(time: Passing) -> State:
    return time.state


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


async def test_a_value_is_gone_when_its_time_is_over(state: State, time: Passing) -> None:
    await state.set("key", 1, ttl=10)
    await time.by(4)
    left_s, before = await state.ttl("key"), await state.get("key")

    await time.by(6)

    assert (left_s, before) == (nearly(6), 1)
    assert [await state.get("key"), await state.ttl("key"), await state.delete("key")] == [None, None, False]


async def test_setting_again_replaces_the_time_too(state: State, time: Passing) -> None:
    await state.set("shorter", 1, ttl=100)
    await state.set("shorter", 2, ttl=5)
    await state.set("stays", 1, ttl=5)
    await state.set("stays", 2)

    await time.by(50)

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


async def test_a_counter_lives_from_its_first_increment(state: State, time: Passing) -> None:
    await state.increment("n", ttl=10)
    await time.by(9)
    await state.increment("n", ttl=10)
    left_s = await state.ttl("n")

    await time.by(1)

    assert left_s == nearly(1)
    assert [await state.increment("n", ttl=10), await state.ttl("n")] == [1, nearly(10)]


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


@pytest.mark.parametrize("edge", [2**63 - 1, -(2**63)])
async def test_a_counter_is_exact_up_to_its_edge_and_refuses_to_pass_it(state: State, edge: int) -> None:
    step = 1 if edge > 0 else -1

    assert await state.increment("n", edge - step) == edge - step
    assert [await state.increment("n", step), await state.get("n")] == [edge, edge]
    with pytest.raises(UnstorableError, match=r"^state cannot count 'n' beyond -9223372036854775808 to "):
        await state.increment("n", step)
    with pytest.raises(UnstorableError, match=r"^state cannot count 'm' beyond "):
        await state.increment("m", edge + step)

    assert [await state.get("n"), await state.get("m")] == [edge, None]


async def test_an_integer_of_a_class_of_its_own_is_counted_on(state: State) -> None:
    await state.set("n", Level.HIGH)

    assert [await state.increment("n"), await state.get("n")] == [8, 8]


async def test_increments_that_are_refused_leave_no_trace(state: State) -> None:
    for by in (2**64, "1"):
        with pytest.raises((UnstorableError, NotIntegerError)):
            await state.increment("key", by, ttl=5)  # type: ignore[arg-type]
    await state.set("text", "5")
    with pytest.raises(NotIntegerError):
        await state.increment("text", ttl=5)

    assert [await state.get("key", "nothing"), await state.get("text"), await state.ttl("text")] == [
        "nothing",
        "5",
        None,
    ]


@pytest.mark.parametrize("ttl", [float("inf"), 1e300, 2.0**62])
async def test_a_time_beyond_all_clocks_is_for_ever(state: State, ttl: float) -> None:
    await state.set("key", 1, ttl=ttl)
    await state.increment("n", ttl=ttl)

    assert [await state.get("key"), await state.get("n")] == [1, 1]


async def test_any_text_is_a_key(state: State) -> None:
    keys = ["", ":", "%3A", "a:b", "a%3Ab", "a\x00b", "\ud800", "ñ", "k" * 10_000, "*", "{a}b"]
    for number, key in enumerate(keys):
        await state.set(key, number)
        await state.namespace(key).set("x", -number)

    assert [await state.get(key) for key in keys] == list(range(len(keys)))
    assert [await state.namespace(key).get("x") for key in keys] == [-number for number in range(len(keys))]


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
