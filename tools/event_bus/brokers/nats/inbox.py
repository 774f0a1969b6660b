"""Reads a stream from one place on, by a consumer in the server's memory that is made anew after each failure."""

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING, Self

from tools.event_bus.brokers.broker import BrokerDown
from tools.event_bus.brokers.nats.link import Link

if TYPE_CHECKING:
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

BATCH = 128
_PULL_S = 30
_HEARTBEAT_S = 2
SILENT_S = 3 * _HEARTBEAT_S
_FORGOTTEN_AFTER_S = 60.0
_NANOSECONDS = 1_000_000_000


class Inbox:
    """What a consumer sends; of one connection, and used inside upkeep's calls."""

    def __init__(self, link: Link, stream: str, subject: str) -> None:
        self._link, self._stream, self._subject = link, stream, subject
        self._consumer = ""
        self._subscription: Subscription | None = None
        self._arrived: deque[Msg] = deque()
        self._has_arrived = asyncio.Event()
        self._asked = 0
        self._seen = 0

    async def open(self, after: int) -> Self:
        """Have all sent that comes after a sequence number."""
        from nats.js import api

        config = api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=after + 1,
            ack_policy=api.AckPolicy.NONE,
            filter_subject=self._subject,
            inactive_threshold=_FORGOTTEN_AFTER_S,
            mem_storage=True,
            num_replicas=1,
        )
        inbox = self._link.client.new_inbox()
        self._subscription = await self._link.client.subscribe(inbox, cb=self._arrive, pending_bytes_limit=-1)
        self._consumer = (await self._link.jetstream.add_consumer(self._stream, config)).name
        self._inbox = inbox
        return self

    async def read(self) -> "list[Msg]":
        """Wait for messages, and give all that are there, in order.

        Raises:
            BrokerDown: the consumer is gone, or has left one out: open another one.
            TimeoutError: there was not even a heartbeat.
        """
        while True:
            if self._asked <= 0:
                await self._pull()
            self._has_arrived.clear()
            if not self._arrived:
                async with asyncio.timeout(SILENT_S):
                    await self._has_arrived.wait()
            if messages := self._sorted():
                if self._asked <= 0:
                    await self._pull()  # while these are taken
                return messages

    async def close(self) -> None:
        """Have nothing sent any more; what the server still has of it ends by itself, where this does not reach it."""
        from nats.errors import Error

        client = self._link.client
        if self._subscription is None or client.is_closed:
            return
        try:
            await self._subscription.unsubscribe()
            if self._consumer:
                await client.publish(f"$JS.API.CONSUMER.DELETE.{self._stream}.{self._consumer}")
        except (Error, OSError):
            return

    async def _arrive(self, message: "Msg") -> None:
        self._arrived.append(message)
        self._has_arrived.set()

    async def _pull(self) -> None:
        self._asked = BATCH
        ask = {
            "batch": BATCH,
            "expires": _PULL_S * _NANOSECONDS,
            "idle_heartbeat": _HEARTBEAT_S * _NANOSECONDS,
        }
        await self._link.client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}", json.dumps(ask).encode(), self._inbox
        )

    def _sorted(self) -> "list[Msg]":
        """Take what has arrived: messages, and what the server says about the pull."""
        messages = []
        while self._arrived:
            message = self._arrived.popleft()
            status = (message.headers or {}).get("Status", "")
            if not status:
                self._seen += 1
                if message.metadata.sequence.consumer != self._seen:
                    raise BrokerDown(
                        f"a message before {message.metadata.sequence.stream} of {self._subject} is missing"
                    )
                self._asked -= 1
                messages.append(message)
            elif status in ("404", "408"):
                self._asked = 0  # this pull is over
            elif status != "100":
                raise BrokerDown(f"the consumer of {self._subject} is gone: {status} {message.headers}")
        return messages
