"""Several processes on one database: each event is handled once for each group, in order, by one of them."""

import asyncio

from tests.contracts.event_bus.plugins import ByKey, Gate, Listener, settled, subscribe, until
from tests.contracts.event_bus.works import Home, durable

pytestmark = durable


async def test_the_processes_of_an_app_share_a_group(home: Home) -> None:
    listener = Listener()
    works = [await home.boot(), await home.boot()]
    for work in works:
        subscribe(work, "counted", listener.handle)
        await work.on_ready()

    for number in range(50):
        await works[number % 2].publish("counted", number)
    await settled(works[0])

    assert sorted(listener.seen) == list(range(50))


async def test_what_one_process_publishes_another_one_handles(home: Home) -> None:
    listener, publisher = Listener(), await home.boot()
    handler = await home.boot()
    subscribe(handler, "said", listener.handle)
    await handler.on_ready()
    await publisher.on_ready()

    await publisher.publish("said", 1)
    await until(lambda: listener.seen)

    assert listener.seen == [1]


async def test_what_a_process_that_ends_had_claimed_another_one_handles_at_once(home: Home) -> None:
    first, second = await home.boot(), await home.boot()  # with a lease of 40 s, longer than this test may take
    gate, rest = Gate(), Listener()
    subscribe(first, "counted", gate.handle, group="g")
    await first.on_ready()
    for number in range(20):
        await first.publish("counted", number)
    await gate.began.wait()
    subscribe(second, "counted", rest.handle, group="g")
    await second.on_ready()

    ending = asyncio.create_task(home.end(first))
    await asyncio.sleep(0)
    gate.opened.set()
    await ending
    await settled(second)

    assert gate.seen + rest.seen == list(range(20))


async def test_the_order_of_each_key_holds_over_processes(home: Home) -> None:
    by_key, works = ByKey(), [await home.boot(), await home.boot()]
    for work in works:
        subscribe(work, "counted", by_key.handle)
        await work.on_ready()

    for number in range(200):
        await works[number % 2].publish("counted", number, key=str(number % 5))
    await settled(works[0])

    assert by_key.seen == {str(key): list(range(key, 200, 5)) for key in range(5)}


async def test_without_a_key_one_at_a_time_is_handled_in_all_processes_together(home: Home) -> None:
    by_key, works = ByKey(), [await home.boot(), await home.boot()]
    for work in works:
        subscribe(work, "counted", by_key.handle)
        await work.on_ready()

    for number in range(60):
        await works[number % 2].publish("counted", number)
    await settled(works[0])

    assert (by_key.seen, by_key.most) == ({"": list(range(60))}, 1)


async def test_what_others_publish_in_the_hour_after_a_process_ended_waits_for_it(home: Home) -> None:
    first, listener = await home.boot(), Listener()
    subscribe(first, "said", Listener().handle, group="g")
    await first.on_ready()
    await home.end(first)
    db = await home.open_db()
    # it ended 59 minutes ago, and had last said that it is there a quarter of an hour before
    await db.execute("UPDATE _event_groups SET seen_at = seen_at - ?", (74 * 60,))

    publisher = await home.boot()
    await publisher.on_ready()
    await publisher.publish("said", 1)
    await home.end(publisher)
    second = await home.boot()
    subscribe(second, "said", listener.handle, group="g")
    await second.on_ready()
    await settled(second)

    assert listener.seen == [1]


async def test_what_undone_subscriptions_were_about_to_get_goes_to_another_process(home: Home) -> None:
    first, second, listener, rest = await home.boot(), await home.boot(), Listener(), Listener()
    names = [f"said.{number}" for number in range(40)]
    undos = [subscribe(first, name, listener.handle, group="g") for name in names]
    await first.on_ready()

    for number, undo in enumerate(undos):
        await first.publish(names[number], number)
        await asyncio.sleep(number / 20_000)  # at some of these moments it is being claimed
        undo.close()
    for name in names:
        subscribe(second, name, rest.handle, group="g")
    await second.on_ready()
    await settled(second)

    assert sorted(listener.seen + rest.seen) == list(range(40))
