"""RabbitMQ, from 3.10: a quorum queue for each group of each event, bound to one direct exchange.

    send -> exchange `events` -> queue `events/<event>/<group>` -> the one active consumer of all processes

`amqp://user:password@host:5672/vhost`, or `amqps://` with `?cafile=...`; apps on one vhost share their events, unless
they have a `?prefix=shop` of their own, in place of `events`. What is no ASCII letter, digit, `_`, `.` or `-` in a name
is written as in a URL, with `@` for `%`; a long name is cut, its hash behind a `#`.

What an operator has to know:

- The queue of a group that is gone keeps filling, as that group may only be away: find those without consumers by
  `rabbitmqctl list_queues name messages consumers`, delete them by `rabbitmqctl delete_queue events/order.paid/mail`.
  One that is deleted by mistake is declared again by whoever receives from it, ten seconds later at most; what was in
  it is gone.
- No policy for `^events/` may say `delivery-limit`, `max-length`, `message-ttl` or `expires`: each drops events.
  With `overflow: reject-publish` none is dropped, but those that are sent again come behind later ones.
- A single node that is killed in the second after a group was declared for the first time may lose that queue, a fault
  of RabbitMQ's (its issue 15725): then nothing is confirmed until the node was started once more.
"""

from tools.event_bus.brokers.rabbitmq.adapter import RabbitMqBroker

__all__ = ["RabbitMqBroker"]
