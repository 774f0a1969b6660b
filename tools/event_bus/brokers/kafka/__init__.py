"""Kafka: one topic for each event, one consumer group for each group of each event, a key's events in one partition.

    send -> topic `events.<event>`, partition of the key -> group `events.<event>/<group>`, a partition in one process

`kafka://host:port,host:port`, with `user:password@` before the hosts and `?tls=yes`, `&cafile=...` and
`&sasl=SCRAM-SHA-512` where the cluster wants it; `&prefix=shop` in place of `events`, for several apps on one cluster.
A topic that is missing is made with `&partitions=8`, and three replicas where there are as many brokers. Events without
a key are all in one partition, as they are in order. Another process takes over `&session_s=8` after one was killed.

What an operator has to know:

- More partitions can be added to a topic, but from then on keys are in other ones: what waits has to be handled before,
  or the order of a key is not kept.
- Kafka deletes events by age (`retention.ms`, a week unless told otherwise), taken or not, and forgets the place of a
  group that was away as long (`offsets.retention.minutes`): both have to be longer than a group may be away. One whose
  place is forgotten begins anew, with what is sent after `open`.
- Groups that are gone cost nothing but their place: `kafka-consumer-groups.sh --delete --group events.order.paid/mail`.
- A group that is new to a cluster waits for `group.initial.rebalance.delay.ms`, three seconds, before it receives.
- Kafka confirms what all replicas in sync have in memory. One broker alone, or the loss of power of all at once, can
  lose what was confirmed.
"""

from tools.event_bus.brokers.kafka.adapter import KafkaBroker

__all__ = ["KafkaBroker"]
