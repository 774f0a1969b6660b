"""What http remembers in its own process: bounded, and on a clock that nobody sets."""

import asyncio
import random

import pytest

from tools.http.policies.answer_cache import AnswerCache
from tools.http.policies.counters import MemoryCounters
from tools.http.policies.kept import Kept


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counters(clock: Clock) -> MemoryCounters:
    return MemoryCounters(1_000, 1_000_000, clock)


async def test_a_counter_lives_from_its_first_count(counters: MemoryCounters, clock: Clock) -> None:
    await counters.increment("n", ttl=10)
    clock.now_s += 9.5
    before = await counters.increment("n", 2, ttl=10), await counters.ttl("n")

    clock.now_s += 0.5

    assert before == (3, 0.5)
    assert [await counters.ttl("n"), await counters.get("n"), await counters.increment("n", ttl=10)] == [None, None, 1]


async def test_of_counts_side_by_side_none_is_lost(counters: MemoryCounters) -> None:
    counts = await asyncio.gather(*(counters.increment("n", ttl=1) for _ in range(500)))

    assert sorted(counts) == list(range(1, 501))


async def test_what_is_set_again_has_the_new_time(counters: MemoryCounters, clock: Clock) -> None:
    await counters.set("shorter", b"1", ttl=100)
    await counters.set("shorter", b"2", ttl=5)
    await counters.set("stays", b"1", ttl=5)
    await counters.set("stays", b"2")
    await counters.set("gone", b"1")
    await counters.delete("gone")

    clock.now_s += 50

    assert [await counters.get(key) for key in ("shorter", "stays", "gone")] == [None, b"2", None]
    assert [await counters.ttl(key) for key in ("shorter", "stays")] == [None, None]


async def test_the_oldest_goes_first_and_a_count_makes_nothing_younger(clock: Clock) -> None:
    counters = MemoryCounters(2, 1_000_000, clock)
    await counters.increment("a", ttl=60)
    await counters.increment("b", ttl=60)
    await counters.increment("a", ttl=60)

    await counters.increment("c", ttl=60)

    assert [await counters.get(key) for key in "abc"] == [None, 1, 1]


async def test_large_values_make_room_for_themselves(clock: Clock) -> None:
    counters = MemoryCounters(1_000, 10_000, clock)

    for number in range(100):
        await counters.set(f"key {number}", bytes(3_000), ttl=60)

    assert len(counters) == 3
    assert await counters.get("key 99") == bytes(3_000)


async def test_what_is_over_is_freed_by_what_comes_after_it(counters: MemoryCounters, clock: Clock) -> None:
    for number in range(900):
        await counters.increment(f"key {number}", ttl=60)
    clock.now_s += 60

    await counters.increment("one more", ttl=60)

    assert (len(counters), len(counters._ends)) == (1, 1)
    assert counters._size_bytes == 256 + len("one more")


async def test_a_key_that_comes_and_goes_leaves_nothing_behind(counters: MemoryCounters) -> None:
    for _ in range(5_000):
        await counters.increment("n", ttl=86_400)
        await counters.delete("n")

    assert (len(counters), counters._size_bytes) == (0, 0)
    assert len(counters._ends) < 100


async def test_whatever_happens_it_keeps_within_its_bounds_and_its_sums_are_right(clock: Clock) -> None:
    chance, counters = random.Random(7), MemoryCounters(50, 20_000, clock)

    for _ in range(5_000):
        key, ttl = f"key {chance.randrange(200)}", chance.choice([None, 1.0, 50.0])
        match chance.randrange(4):
            case 0:
                await counters.set(key, bytes(chance.randrange(2_000)), ttl=ttl)
            case 1:
                await counters.delete(key)
            case 2:
                await counters.increment(f"n {key}", ttl=ttl)
            case _:
                clock.now_s += chance.random()
        assert len(counters) <= 50 and counters._size_bytes <= 20_000
        assert counters._size_bytes == sum(one.size_bytes for one in counters._entries.values())


def answer(size_bytes: int) -> Kept:
    return Kept(200, bytes(size_bytes))


def test_a_cached_answer_has_an_age_and_an_end(clock: Clock) -> None:
    cache = AnswerCache(1_000_000, clock)
    cache.put("a", 1, answer(1), 10)
    clock.now_s += 9

    young = cache.find("a")
    clock.now_s += 1

    assert young == (answer(1), 9)
    assert (cache.find("a"), cache.size_bytes) == (None, 0)


def test_what_was_asked_for_longest_ago_makes_room(clock: Clock) -> None:
    cache = AnswerCache(100_000, clock)
    for name in "abcdefgh":
        cache.put(name, 1, answer(11_900), 10)
    cache.find("a")

    cache.put("i", 1, answer(11_900), 10)

    assert [cache.find(name) is not None for name in "abi"] == [True, False, True]
    assert cache.size_bytes <= 100_000


def test_an_answer_that_would_push_out_all_others_is_not_cached(clock: Clock) -> None:
    cache = AnswerCache(100_000, clock)

    cache.put("a", 1, answer(12_500), 10)
    cache.put("b", 1, answer(1), 10)
    cache.put("b", 1, answer(2), 10)

    assert (cache.find("a"), cache.find("b")) == (None, (answer(2), 0))
