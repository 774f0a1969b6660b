"""NATS JetStream: one stream for all events, which holds what their slowest groups have not had yet.

    <prefix>              the stream, subjects `<prefix>.<event>`: limits policy, no limit but its size
    <prefix>_places       a bucket, one key for each event and group: see lane.py

One stream and not one for each event: a sender then never has to make one, and a cluster keeps one consensus group
instead of hundreds. JetStream's durable consumers are not used: they give what a dead receiver had to another one only
after a time, and behind what is later. Instead a holder reads with a short-lived consumer from its group's place on,
and `sweep.py` purges what all groups of an event have had: never by age or count, so nothing is dropped that a known
group has not had. A group that is gone for good keeps its event until its key is deleted: `nats kv ls <prefix>_places`.

URL: `nats://`, or `tls://`, which never goes on without, with `?cafile=...`; several with commas; `?prefix=shop` in
place of `events`, for several apps on one server; `?replicas=3` in a cluster, when the stream is made. To bound its
size: `nats stream edit events --max-bytes=10GB`; when it is full, `send` raises. Do that: where all storage of the
server is full, places cannot be written either, and nobody receives. Needs nats-server 2.10; from 2.12 on a batch is
stored as a whole, and many times as fast.
"""

from tools.event_bus.brokers.nats.broker import NatsBroker

__all__ = ["NatsBroker"]
