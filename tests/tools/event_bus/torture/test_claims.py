"""What goes wrong between log and subscription stops nothing else: lost answers, odd rows, retries, a shutdown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from tests.nats_server import server as nats_server
from tests.tools.event_bus.torture.roles import Order
from tests.tools.event_bus.torture.stage import Stage, booted, ended, opened_db, settled, subscribe, until
from tools.db.contract import Unavailable
from tools.event_bus.contract import Envelope

CLAIM = "SET state = 'claimed'"


class LosesAnswers:
    """A `db` that does what it is told, and whose answer to the next claim is lost on the way."""

    def __init__(self, db: Any) -> None:
        self._db, self.dialect, self.after_commit, self.execute = db, db.dialect, db.after_commit, db.execute
        self.is_losing = False
        self._claimer: asyncio.Task[Any] | None = None

    async def query(self, sql: Any, params: Any = None, *, into: type | None = None) -> list[Any]:
        rows: list[Any] = await self._db.query(sql, params, into=into)
        if self.is_losing and CLAIM in sql and rows:
            self._claimer = asyncio.current_task()
            if self.dialect == "sqlite":
                self._lose()
        return rows

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        async with self._db.transaction():
            yield
        if self._claimer is asyncio.current_task():  # others commit meanwhile, and lose nothing
            self._lose()

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return self._transaction()

    def _lose(self) -> None:
        self.is_losing, self._claimer = False, None
        raise Unavailable("its answer was lost")

    async def on_shutdown(self) -> None:
        await self._db.on_shutdown()


class Seen:
    """A callback that keeps what it got; `ill` numbers fail."""

    def __init__(self, *ill: int) -> None:
        self.numbers, self.attempts, self.ill = list[int](), list[int](), set(ill)

    async def handle(self, order: Order, envelope: Envelope) -> None:
        if order.n in self.ill:
            self.attempts.append(envelope.attempt)
            raise ValueError(order.n)
        self.numbers.append(order.n)
        self.attempts.append(envelope.attempt)


async def listening(url: str, seen: Seen, store: Any = None, lease_s: str = "40", **how: Any) -> Stage:
    stage = await booted(url, store, EVENT_BUS_LEASE_S=lease_s)
    subscribe(stage, "order.placed", seen.handle, **how)
    await stage.hooks.on_ready()
    return stage


async def published(stage: Stage, *numbers: int, **how: Any) -> None:
    async with stage.db.transaction():
        for number in numbers:
            await stage.bus.publish("order.placed", Order(number), **how)


async def left_behind(url: str, *orders: tuple[int, str]) -> None:
    """Have orders, each with its key, that a process had claimed when it was killed."""
    stage = await listening(url, Seen())
    async with stage.db.transaction():
        for number, key in orders:
            await stage.bus.publish("order.placed", Order(number), key=key, delay=300)
    await stage.db.execute("UPDATE _event_deliveries SET state = 'claimed', worker = 'killed', attempts = 1")
    await ended(stage)


async def test_what_was_claimed_though_the_answer_was_lost_is_handled_in_order(url: str) -> None:
    seen, store = Seen(), LosesAnswers(await opened_db(url))
    stage = await listening(url, seen, store)

    store.is_losing = True
    await published(stage, *range(5))
    await settled(stage, 10)
    await ended(stage)

    assert (seen.numbers, seen.attempts) == ([0, 1, 2, 3, 4], [1] * 5)


@pytest.mark.slow
async def test_what_was_claimed_for_a_broker_though_the_answer_was_lost_is_sent_in_order(url: str) -> None:
    with nats_server() as nats:
        seen, store = Seen(), LosesAnswers(await opened_db(url))
        stage = await booted(url, store, EVENT_BUS_URL=nats.url)
        subscribe(stage, "order.placed", seen.handle)
        await stage.hooks.on_ready()

        store.is_losing = True
        await published(stage, *range(5))
        await published(stage, *range(5, 10))
        await until(lambda: len(seen.numbers) == 10, 10)
        await ended(stage)

    assert seen.numbers == list(range(10))


@pytest.mark.parametrize(
    "meta", ["", "[]", "{}", '{"of_later_code": [1]}', '{"chain": 7}', '{"headers": {"a": 1}}', '{"request_id": null}']
)
async def test_a_row_of_other_code_that_cannot_be_read_stops_no_other_one(sqlite_url: str, meta: str) -> None:
    seen = Seen()
    stage = await listening(sqlite_url, seen)

    await published(stage, *range(5), delay=0.3)
    await stage.db.execute("UPDATE _event_deliveries SET meta = ? WHERE body = ?", (meta, '{"n":2}'))
    await settled(stage, 10)
    await ended(stage)

    assert seen.numbers == [0, 1, 2, 3, 4]


async def test_one_that_fails_keeps_nothing_of_other_keys_behind_after_a_kill(url: str) -> None:
    await left_behind(url, (1, "ill"), (2, "ill"), (3, "a"), (4, "b"), (5, "a"))
    seen = Seen(1)
    stage = await listening(url, seen, retries=3, backoff=60)

    await published(stage, 6, key="c")
    await until(lambda: len(seen.numbers) == 4, 10)
    await ended(stage)

    assert sorted(seen.numbers) == [3, 4, 5, 6]
    assert seen.numbers.index(3) < seen.numbers.index(5)


async def test_one_key_that_fails_with_many_behind_it_holds_up_no_other_key(url: str) -> None:
    seen = Seen(1)
    stage = await listening(url, seen, backoff=60)

    await published(stage, *range(1, 1_000), key="ill")
    await published(stage, *range(1_000, 1_100), key="well")
    await until(lambda: len(seen.numbers) == 100, 10)
    await ended(stage)

    assert seen.numbers == list(range(1_000, 1_100))


async def test_many_keys_that_fail_hold_up_no_other_key(url: str) -> None:
    seen = Seen(*range(600))
    stage = await listening(url, seen, backoff=60)

    async with stage.db.transaction():
        for number in range(600):
            await stage.bus.publish("order.placed", Order(number), key=f"ill {number}")
    await published(stage, *range(1_000, 1_100), key="well")
    await until(lambda: len(seen.numbers) == 100, 10)
    await ended(stage)

    assert seen.numbers == list(range(1_000, 1_100))


async def test_many_keys_that_fail_hold_up_nothing_that_a_process_left_behind(url: str) -> None:
    seen = Seen(*range(300))
    stage = await listening(url, seen, backoff=60, timeout=0.9, lease_s="1")
    async with stage.db.transaction():
        for number in range(300):
            await stage.bus.publish("order.placed", Order(number), key=f"ill {number}")
    await until(lambda: len(seen.attempts) > 256)

    await published(stage, 1_000, key="well", delay=300)
    await stage.db.execute(
        "UPDATE _event_deliveries SET state = 'claimed', worker = 'killed', attempts = 1 WHERE state = 'delayed'"
    )
    await until(lambda: seen.numbers == [1_000], 10)
    await ended(stage)


async def test_a_shutdown_waits_for_no_retry_of_what_fails_meanwhile(url: str) -> None:
    began, goes_on = asyncio.Event(), asyncio.Event()

    async def fail(order: Order) -> None:
        began.set()
        await goes_on.wait()
        raise ValueError(order.n)

    stage = await booted(url)
    subscribe(stage, "order.placed", fail, backoff=60)
    await stage.hooks.on_ready()
    await published(stage, 1)
    await began.wait()

    ending = asyncio.create_task(stage.hooks.on_shutdown())
    await asyncio.sleep(0.1)
    goes_on.set()
    await asyncio.wait_for(ending, 3)

    row = await stage.db.query_one("SELECT state, worker, attempts FROM _event_deliveries")
    await ended(stage)
    assert row == {"state": "waiting", "worker": "", "attempts": 1}
