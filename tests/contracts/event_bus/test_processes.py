"""Several processes on one database: each event is handled once for each group, in order, by one of them."""

from tests.contracts.event_bus.plugins import ByKey, Listener, settled, subscribe, until
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
