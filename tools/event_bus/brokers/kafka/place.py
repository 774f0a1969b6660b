"""How far a group is: where a new one begins is written down before anything is sent, so a restart misses nothing."""

from collections.abc import Sequence

from tools.event_bus.brokers.kafka.client import Clients, TopicPartition, begin, end_consumer


async def settle(clients: Clients, group: str, topic: str, partitions: Sequence[int]) -> None:
    """Let a group that is new begin with what is sent from now on.

    A group that has a place begins at the beginning of the partitions where it has none: they were added since then.

    The ends are read first. Of two processes that do this at once, the later one finds what the first one wrote, or
    writes a place that is no later than that: nothing is left out.

    Raises:
        KafkaError: it could not be written.
    """
    consumer = clients.consumer(group)
    places = [TopicPartition(topic, partition) for partition in partitions]
    consumer.assign(places)
    consumer.pause(*places)  # nothing is read here
    try:
        await begin(consumer)
        ends = await consumer.end_offsets(places)
        new = [place for place in places if await consumer.committed(place) is None]
        if new:
            begin_at = ends if new == places else await consumer.beginning_offsets(new)
            await consumer.commit({place: begin_at[place] for place in new})
    finally:
        await end_consumer(consumer)
