"""What every peer does: the table, the three statements, and how many calls are timed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter, process_time
from typing import Any, NamedTuple

import msgspec

ROWS, MANY, CHUNK_S = 1_000, 20, 0.04
COLUMNS = "id, name, price, amount"
CREATE = "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL NOT NULL, amount INTEGER NOT NULL)"
CREATE_WRITTEN = "CREATE TABLE written (id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount INTEGER NOT NULL)"
FILL = f"INSERT INTO items ({COLUMNS}) VALUES (?, ?, ?, ?)"
SELECT_ONE = f"SELECT {COLUMNS} FROM items WHERE id = ?"
SELECT_MANY = f"SELECT {COLUMNS} FROM items WHERE id >= ? ORDER BY id LIMIT {MANY}"
INSERT = "INSERT INTO written (name, amount) VALUES (?, ?)"


class Item(msgspec.Struct):
    """A row of `items`."""

    id: int
    name: str
    price: float
    amount: int


class Calls(NamedTuple):
    """One call of each kind, by number; `is_blocking` ones are run in a loop in a thread."""

    one: Callable[[int], Any]
    many: Callable[[int], Any]
    insert: Callable[[int], Any]
    is_blocking: bool = False


def rows() -> list[tuple[int, str, float, int]]:
    """Give the rows of `items`."""
    return [(number, f"item {number}", number / 4, number % 7) for number in range(1, ROWS + 1)]


def key(number: int) -> int:
    """Give the key of a call."""
    return number % (ROWS - MANY) + 1


def values(number: int) -> tuple[str, int]:
    """Give what is inserted."""
    return f"written {number}", number


async def check(who: str, calls: Calls) -> None:
    """Ask each kind once.

    Raises:
        ValueError: an answer is not the right one.
    """
    expected = rows()
    one, many = [await answered(calls, call, 7) for call in (calls.one, calls.many)]
    found = tuple(one.values() if isinstance(one, Mapping) else one)
    if found != expected[7] or many != [Item(*row) for row in expected[7 : 7 + MANY]]:
        raise ValueError(f"{who} answers {one!r} and {many!r}")
    await answered(calls, calls.insert, 7)


async def answered(calls: Calls, call: Callable[[int], Any], number: int) -> Any:
    """Call once."""
    return await asyncio.to_thread(call, number) if calls.is_blocking else await call(number)


async def cost_us(calls: Calls, kind: str, count: int, at_once: int) -> tuple[float, float]:
    """Call `count` times, `at_once` at the same time; answer with time and processor time of a call."""
    call = getattr(calls, kind)
    started_s, started_cpu_s = perf_counter(), process_time()
    if calls.is_blocking:
        await asyncio.to_thread(_loop, call, range(count))
    elif at_once == 1:
        await _in_turn(call, range(count))
    else:
        await asyncio.gather(*(_in_turn(call, range(first, count, at_once)) for first in range(at_once)))
    took_s, took_cpu_s = perf_counter() - started_s, process_time() - started_cpu_s
    return took_s / count * 1e6, took_cpu_s / count * 1e6


def _loop(call: Callable[[int], object], numbers: range) -> None:
    for number in numbers:
        call(number)


async def _in_turn(call: Callable[[int], Awaitable[object]], numbers: range) -> None:
    for number in numbers:
        await call(number)


async def fitting(calls: Calls, kind: str, at_once: int) -> int:
    """Warm up, and find how many calls take about CHUNK_S."""
    least = 2 * at_once
    await cost_us(calls, kind, least, at_once)
    each_us, _ = await cost_us(calls, kind, least, at_once)
    return max(least, int(CHUNK_S / each_us * 1e6) // at_once * at_once)
