"""`transactional=True`: what a callback does in the database, and that it did it, are stored together or not at all."""

import asyncio
from typing import Any

from tests.contracts.event_bus.plugins import Gate, Listener, Work, errors, settled, subscribe, until
from tests.contracts.event_bus.test_transactions import SAVE, notes
from tests.contracts.event_bus.works import Home, durable
from tools.db.contract import Db
from tools.event_bus.contract import Envelope


async def test_the_effects_of_a_callback_are_stored(stored_bus: Work, db: Db) -> None:
    async def handle(number: int) -> None:
        await db.execute(SAVE, (f"{number} first",))
        await db.execute(SAVE, (f"{number} second",))

    subscribe(stored_bus, "said", handle, transactional=True)
    await stored_bus.on_ready()

    for number in range(3):
        await stored_bus.publish("said", number)
    await settled(stored_bus)

    assert await notes(db) == [f"{number} {which}" for number in range(3) for which in ("first", "second")]
    assert await errors(stored_bus) == []


async def test_a_callback_that_raises_leaves_no_effect(stored_bus: Work, db: Db) -> None:
    async def handle(_payload: Any) -> None:
        await db.execute(SAVE, ("undone",))
        raise ValueError("no")

    subscribe(stored_bus, "said", handle, transactional=True, retries=2, backoff=0)
    await stored_bus.on_ready()

    await stored_bus.publish("said", 1)
    await settled(stored_bus)

    (letter,) = await stored_bus.dead_letters()
    assert (await notes(db), letter.error, letter.attempts) == ([], "ValueError: no", 3)


async def test_the_effects_of_the_attempt_that_succeeds_are_stored_once(stored_bus: Work, db: Db) -> None:
    async def handle(_payload: Any, envelope: Envelope) -> None:
        await db.execute(SAVE, (f"in attempt {envelope.attempt}",))
        if envelope.attempt < 3:
            raise ValueError

    subscribe(stored_bus, "said", handle, transactional=True, backoff=0)
    await stored_bus.on_ready()

    await stored_bus.publish("said", 1)
    await settled(stored_bus)

    assert await notes(db) == ["in attempt 3"]


async def test_a_callback_that_is_cut_at_its_time_out_leaves_no_effect(stored_bus: Work, db: Db) -> None:
    async def handle(_payload: Any, envelope: Envelope) -> None:
        await db.execute(SAVE, (f"in attempt {envelope.attempt}",))
        if envelope.attempt == 1:
            await asyncio.Event().wait()

    subscribe(stored_bus, "said", handle, transactional=True, backoff=0, timeout=0.5)
    await stored_bus.on_ready()

    await stored_bus.publish("said", 1)
    await settled(stored_bus)

    assert await notes(db) == ["in attempt 2"]


async def test_a_statement_that_fails_and_is_caught_undoes_the_attempt(stored_bus: Work, db: Db) -> None:
    async def handle(_payload: Any) -> None:
        await db.execute(SAVE, ("undone",))
        try:
            await db.execute(SAVE, (None,))
        except Exception:
            return  # as if all were well

    subscribe(stored_bus, "said", handle, transactional=True, retries=0)
    await stored_bus.on_ready()

    await stored_bus.publish("said", 1)
    await settled(stored_bus)

    assert (await notes(db), len(await stored_bus.dead_letters())) == ([], 1)


async def test_what_a_callback_publishes_goes_out_with_its_effects(stored_bus: Work, db: Db) -> None:
    listener = Listener()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        await stored_bus.publish("heard", envelope.attempt)
        await db.execute(SAVE, ("a",))
        if envelope.attempt == 1:
            raise ValueError

    subscribe(stored_bus, "said", handle, transactional=True, backoff=0)
    subscribe(stored_bus, "heard", listener.handle)
    await stored_bus.on_ready()

    await stored_bus.publish("said", 1)
    await settled(stored_bus)

    assert (listener.seen, await notes(db)) == ([2], ["a"])


async def test_the_order_holds_for_transactional_ones_too(stored_bus: Work, db: Db) -> None:
    async def handle(number: int, envelope: Envelope) -> None:
        await db.execute(SAVE, (f"{number}",))
        if number % 5 == 0 and envelope.attempt == 1:
            raise ValueError

    subscribe(stored_bus, "said", handle, transactional=True, backoff=0)
    await stored_bus.on_ready()

    for number in range(20):
        await stored_bus.publish("said", number)
    await settled(stored_bus)

    assert await notes(db) == [str(number) for number in range(20)]


async def test_several_keys_are_handled_transactionally_once_each(stored_bus: Work, db: Db) -> None:
    async def handle(number: int) -> None:
        await db.execute(SAVE, (str(number),))

    subscribe(stored_bus, "said", handle, transactional=True)
    await stored_bus.on_ready()

    for number in range(60):
        await stored_bus.publish("said", number, key=str(number % 10))
    await settled(stored_bus)

    assert sorted(map(int, await notes(db))) == list(range(60))


@durable
async def test_an_effect_whose_process_was_cut_off_before_its_commit_happens_once(home: Home, db: Db) -> None:
    short = {"EVENT_BUS_LEASE_S": "1"}
    first_db = await home.open_db()
    first, gate = await home.boot(first_db, **short), Gate()

    async def hang(payload: Any) -> None:
        await first_db.execute(SAVE, ("of the first",))
        await gate.handle(payload)

    async def handle(_payload: Any, envelope: Envelope) -> None:
        await db.execute(SAVE, (f"in attempt {envelope.attempt}",))

    subscribe(first, "said", hang, group="g", transactional=True, timeout=0.9)
    await first.on_ready()
    await first.publish("said", 1)
    await gate.began.wait()

    await home.cut_off(first)
    second = await home.boot(db, **short)
    subscribe(second, "said", handle, group="g", transactional=True, timeout=0.9)
    await second.on_ready()
    gate.opened.set()
    await until(lambda: notes(db))
    await settled(second)

    assert await notes(db) == ["in attempt 2"]


@durable
async def test_each_event_has_its_effect_once_in_two_processes(home: Home, db: Db) -> None:
    works = list[Work]()
    for _ in range(2):
        own_db = await home.open_db()
        work = await home.boot(own_db)

        async def handle(number: int, own_db: Db = own_db) -> None:
            await own_db.execute(SAVE, (str(number),))

        subscribe(work, "said", handle, transactional=True)
        await work.on_ready()
        works.append(work)

    for number in range(100):
        await works[number % 2].publish("said", number, key=str(number % 7))
    await settled(works[0])

    assert sorted(map(int, await notes(db))) == list(range(100))
