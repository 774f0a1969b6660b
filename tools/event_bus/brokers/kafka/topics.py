"""The topics of events, made where they are missing."""

from collections.abc import Iterable
from typing import Any

from tools.event_bus.brokers.kafka.client import CreateTopicsRequest, errors

_MOST_REPLICAS = 3


class Topics:
    """What one producer's cluster has."""

    def __init__(self, producer: Any, partition_count: int) -> None:
        self._producer, self._partition_count = producer, partition_count
        self._known: dict[str, list[int]] = {}

    async def partitions(self, topic: str) -> list[int]:
        """Give the partitions of a topic that `ensure` has seen; their number may have grown."""
        return sorted(await self._producer.partitions_for(topic))

    async def ensure(self, topics: Iterable[str]) -> None:
        """Make those that are missing.

        Where the cluster has no admin API for it, asking for a topic makes it, with the cluster's own settings.

        Raises:
            KafkaError: it was not made.
        """
        missing = [topic for topic in dict.fromkeys(topics) if topic not in self._known]
        if not missing:
            return
        found = (await self._producer.client.fetch_all_metadata()).topics()
        if new := [topic for topic in missing if topic not in found]:
            await self._create(new)
        for topic in missing:
            self._known[topic] = await self.partitions(topic)

    async def _create(self, topics: list[str]) -> None:
        client = self._producer.client
        replicas = min(_MOST_REPLICAS, len(client.cluster.brokers()))
        # an event that two replicas have outlives the loss of either
        settings = [("min.insync.replicas", "2")] if replicas == _MOST_REPLICAS else []
        wanted: list[Any] = [(topic, self._partition_count, replicas, [], settings) for topic in topics]
        controller = client.cluster.controller
        try:
            answer = await client.send(
                controller.nodeId if controller else client.get_random_node(),
                CreateTopicsRequest(wanted, timeout=5_000, validate_only=False),
            )
        except errors.IncompatibleBrokerVersion:
            return
        for topic, code, *_ in answer.topic_errors:
            error = errors.for_code(code)
            if error not in (errors.NoError, errors.TopicAlreadyExistsError):
                raise error(f"the topic {topic!r} was not made")
