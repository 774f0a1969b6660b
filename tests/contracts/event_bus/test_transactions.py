"""An event that is published in a transaction is part of it: in memory too, where it waits for the commit."""

import asyncio
from typing import Any

import pytest

from hookspecs import Trace, trace
from tests.contracts.event_bus.plugins import Gate, Listener, Work, hook, settled, subscribe
from tests.contracts.event_bus.works import Home, in_memory
from tools.db.contract import Db
from tools.event_bus.contract import BusFull

SAVE = "INSERT INTO effects (note) VALUES (?)"


async def notes(db: Db) -> list[str]:
    return [row["note"] for row in await db.query("SELECT note FROM effects ORDER BY id")]


async def test_an_event_goes_out_at_once_where_there_is_no_transaction(stored_bus: Work) -> None:
    listener = Listener()
    subscribe(stored_bus, "said", listener.handle)
    await stored_bus.on_ready()

    await stored_bus.publish("said", 1)
    await settled(stored_bus)

    assert listener.seen == [1]


async def test_an_event_goes_out_after_the_commit(stored_bus: Work, db: Db) -> None:
    listener = Listener()
    subscribe(stored_bus, "said", listener.handle)
    await stored_bus.on_ready()

    async with db.transaction():
        assert await stored_bus.publish("said", 1)
        for _ in range(20):  # which gives it every chance to go out too early
            await db.execute(SAVE, ("a",))
        listener.seen.append("committing")
    await settled(stored_bus)

    assert (listener.seen, len(await notes(db))) == (["committing", 1], 20)


async def test_a_subscriber_finds_what_was_stored_with_the_event(stored_bus: Work, db: Db) -> None:
    seen = list[Any]()

    async def handle(_payload: Any) -> None:
        seen.extend(await notes(db))

    subscribe(stored_bus, "said", handle)
    await stored_bus.on_ready()

    async with db.transaction():
        await stored_bus.publish("said", 1)
        await db.execute(SAVE, ("stored with it",))
    await settled(stored_bus)

    assert seen == ["stored with it"]


async def test_an_event_of_a_rolled_back_transaction_goes_nowhere(stored_bus: Work, db: Db) -> None:
    listener = Listener()
    subscribe(stored_bus, "said", listener.handle)
    await stored_bus.on_ready()

    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await db.execute(SAVE, ("undone",))
            event_id = await stored_bus.publish("said", 1)
            raise ZeroDivisionError
    await stored_bus.publish("said", 2)
    await settled(stored_bus)

    assert (listener.seen, await notes(db), await stored_bus.trace(event_id)) == ([2], [], [])


async def test_an_event_of_an_undone_savepoint_goes_nowhere_though_the_rest_is_committed(
    stored_bus: Work, db: Db
) -> None:
    listener = Listener()
    subscribe(stored_bus, "said", listener.handle)
    await stored_bus.on_ready()

    async with db.transaction():
        await stored_bus.publish("said", "before")
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                await stored_bus.publish("said", "undone")
                raise ZeroDivisionError
        async with db.transaction():
            await stored_bus.publish("said", "kept")
        await stored_bus.publish("said", "after")
    await settled(stored_bus)

    assert listener.seen == ["before", "kept", "after"]


@pytest.mark.parametrize("key", ["", "one"], ids=["without a key", "with a key"])
async def test_the_events_of_a_transaction_keep_their_order(stored_bus: Work, db: Db, key: str) -> None:
    listener = Listener()
    subscribe(stored_bus, "said", listener.handle)
    await stored_bus.on_ready()

    for round in range(3):
        async with db.transaction():
            for number in range(10):
                await stored_bus.publish("said", (round, number), key=key)
    await settled(stored_bus)

    assert listener.seen == [[round, number] for round in range(3) for number in range(10)]


async def test_an_event_of_a_transaction_reaches_every_group(stored_bus: Work, db: Db) -> None:
    first, second = Listener(), Listener()
    subscribe(stored_bus, "said", first.handle, "made.first")
    subscribe(stored_bus, "said", second.handle, "made.second")
    await stored_bus.on_ready()

    async with db.transaction():
        await stored_bus.publish("said", 1)
    await settled(stored_bus)

    assert (first.seen, second.seen) == ([1], [1])


async def test_a_delay_counts_in_a_transaction_too(stored_bus: Work, db: Db) -> None:
    listener = Listener()
    subscribe(stored_bus, "said", listener.handle)
    await stored_bus.on_ready()

    async with db.transaction():
        await stored_bus.publish("said", "late", delay=1)
        await stored_bus.publish("said", "now")
    await settled(stored_bus)

    assert listener.seen == ["now", "late"]


async def test_an_event_keeps_the_trace_of_its_publish_and_not_of_the_commit(stored_bus: Work, db: Db) -> None:
    seen = list[Trace]()

    async def handle(_payload: Any) -> None:
        seen.append(trace.get())

    subscribe(stored_bus, "said", handle)
    await stored_bus.on_ready()

    async with db.transaction():
        token = trace.set(Trace("trace-1", "request-1"))
        await stored_bus.publish("said", 1)
        trace.reset(token)
    await settled(stored_bus)

    assert (seen[0].trace_id, seen[0].parent_id) == ("trace-1", "request-1")


async def test_a_callback_is_in_no_transaction_of_its_publisher(stored_bus: Work, db: Db) -> None:
    async def handle(_payload: Any) -> None:
        await db.execute(SAVE, ("by the callback",))

    subscribe(stored_bus, "said", handle)
    await stored_bus.on_ready()

    await stored_bus.publish("said", 1)
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await db.execute(SAVE, ("undone",))
            raise ZeroDivisionError
    await settled(stored_bus)

    assert await notes(db) == ["by the callback"]


@in_memory
async def test_what_was_taken_is_queued_at_the_commit_whatever_the_bound(home: Home, db: Db) -> None:
    bus, listener = await home.boot(db, EVENT_BUS_QUEUE="1"), Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    async with db.transaction():
        for number in range(5):
            await bus.publish("said", number)
    await settled(bus)

    assert listener.seen == list(range(5))


@in_memory
async def test_an_event_that_is_committed_after_the_shutdown_is_said_to_be_lost(
    home: Home, stored_bus: Work, db: Db, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    subscribe(stored_bus, "said", gate.handle)
    await stored_bus.on_ready()

    async with db.transaction():
        await stored_bus.publish("said", 1)
        await home.end(stored_bus)

    assert not gate.began.is_set()
    assert "event_bus lost 'said'" in caplog.text


async def test_events_are_kept_in_one_database_only(stored_bus: Work, db: Db) -> None:
    with hook("made.rival"), pytest.raises(ValueError, match=r"made\.rival.*made\.store_events"):
        stored_bus.store_in(db)


@in_memory
async def test_another_database_may_keep_events_once_the_first_is_undone(home: Home, db: Db) -> None:
    bus = await home.boot()
    with hook("made.first") as undo:
        bus.store_in(db)
    undo.close()

    with hook("made.second"):
        bus.store_in(db)


@in_memory
async def test_where_events_are_kept_is_said_in_a_hook(bus: Work, db: Db) -> None:
    with pytest.raises(RuntimeError, match="outside a hook"):
        bus.store_in(db)

    with hook():
        bus.store_in(db)  # nothing came of it


@in_memory
async def test_in_memory_a_publish_in_a_transaction_that_finds_no_room_is_refused_at_once(home: Home, db: Db) -> None:
    bus, clock = await home.boot(db, EVENT_BUS_QUEUE="1", EVENT_BUS_WAIT_S="5"), asyncio.get_running_loop().time

    async def handle(number: int) -> None:
        await db.execute("INSERT INTO effects (note) VALUES (?)", (str(number),))  # which waits for the transaction

    subscribe(bus, "said", handle)
    await bus.on_ready()
    await bus.publish("said", 1)

    began_s = clock()
    with pytest.raises(BusFull):
        async with db.transaction():
            await bus.publish("said", 2)
    await settled(bus)

    assert clock() - began_s < 2
