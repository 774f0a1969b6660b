"""Events that are kept in this process only."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from tools.event_bus.contract import BusFull, DeadLetter, Gives, State, Store, TracedEvent
from tools.event_bus.delivery import Delivery
from tools.event_bus.memory.history import History
from tools.event_bus.memory.topic import Topic
from tools.event_bus.message import Message, chain
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.subscription import Subscription
from tools.event_bus.transaction import is_in_transaction

log = logging.getLogger(__name__)
LAST_WORDS_S = 0.5  # for callbacks that were cancelled at shutdown
GIVES = Gives(transport="memory", gifts=frozenset({"ordered", "dedup"}), power_cut="all events that wait")


class MemoryLog:
    """Keeps `Log`; with a database, an event that is published in a transaction is queued after its commit."""

    gives = GIVES
    is_in_doubt = False

    def __init__(self, settings: EventBusSettings, store: Store | None) -> None:
        self._bound, self._wait_s, self._store = settings.event_bus_queue, settings.event_bus_wait_s, store
        self._topics: dict[str, Topic] = {}
        self._leaving: set[Subscription] = set()
        self._delayed: dict[str, asyncio.TimerHandle] = {}
        self._history = History()
        self._remember = self._history.events.append
        self._is_closed = False

    async def open(self) -> None:
        pass

    def add(self, subscription: Subscription) -> None:
        subscription.keeper = self
        topic = self._topics.setdefault(subscription.event, Topic(subscription.event, self._bound))
        topic.subscriptions.append(subscription)
        subscription.left = topic.made_room

    def remove(self, subscription: Subscription) -> None:
        topic = self._topics[subscription.event]
        topic.subscriptions.remove(subscription)
        topic.made_room()
        self._leaving.add(subscription)

    def append(self, message: Message) -> Awaitable[None] | None:
        topic = self._topics.get(message.event)
        if message.delay_s and len(self._delayed) >= self._bound:
            raise BusFull(message.event, "the list of what is delayed")
        if topic is not None and topic.is_full():
            if chain.get() or self._is_in_transaction():  # it may be what the queue waits for
                raise topic.refusal()
            return self._append_later(topic, message)
        self._append(message)
        return None

    async def drain(self) -> None:
        for one in self._subscriptions():
            one.hurry()
        while busy := [one for one in self._subscriptions() if one.size]:
            for one in busy:
                await one.drained()
            if not any(one.is_busy for one in busy):
                break

    async def check_health(self) -> None:
        pass

    async def close(self) -> None:
        self._is_closed = True
        lost: dict[str, int] = {}
        if self._delayed:
            lost["(delayed)"] = len(self._delayed)
        for later in self._delayed.values():
            later.cancel()
        subscriptions = self._subscriptions()
        ended = await asyncio.gather(*(one.stop(LAST_WORDS_S) for one in subscriptions))
        lost |= {one.name: len(left) for one, left in zip(subscriptions, ended, strict=True) if left}
        if lost:
            log.error("event_bus lost %d events at shutdown, not handled in time: %r", sum(lost.values()), lost)

    def ended(self, delivery: Delivery, state: State, error: str = "") -> None:
        delivery.state, delivery.ended_at_s = state, time.time()
        if state == "dead":
            delivery.error = error
            self._history.bury(delivery)

    async def marked(self) -> None:
        pass

    async def counted(self, delivery: Delivery) -> bool:
        return True

    async def within(self, delivery: Delivery, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        if self._store is None:
            return await function(*args)
        async with self._store.transaction():
            return await function(*args)

    async def dead_letters(self, after: int, limit: int) -> list[DeadLetter]:
        return self._history.dead_letters(after, limit)

    async def replay(self, id: int) -> bool:
        delivery = self._history.dead(id)
        if delivery is None:
            return False
        for one in self._topics[delivery.message.event].subscriptions:
            if one.name == delivery.group:
                self._history.forget(id)
                delivery.renew()
                one.put(delivery)
        return True

    async def drop(self, id: int) -> bool:
        return self._history.forget(id)

    async def trace(self, trace_id: str) -> list[TracedEvent]:
        return self._history.trace(trace_id)

    async def pending(self) -> int:
        return sum(one.size for one in self._subscriptions()) + len(self._delayed)

    async def failed(self) -> dict[str, int]:
        return self._history.failed()

    # ------------------------------------------------------------ the way in

    async def _append_later(self, topic: Topic, message: Message) -> None:
        await topic.room(self._wait_s)
        self._append(message)

    def _is_in_transaction(self) -> bool:
        return self._store is not None and is_in_transaction(self._store)

    def _append(self, message: Message) -> None:
        if self._store is None:
            self._put(message)
        else:
            self._store.after_commit(partial(self._put, message))

    def _put(self, message: Message) -> None:
        if self._is_closed:
            log.error("event_bus lost %r (%s): it was committed after the shutdown", message.event,
                      message.trace.event_id)  # fmt: skip
        else:
            topic = self._topics.get(message.event)
            made = [Delivery(message, one.name) for one in topic.subscriptions] if topic is not None else []
            self._remember((message, made))
            if message.delay_s:
                self._delay(message, partial(self._hand_over, message.event, made))
            else:
                self._hand_over(message.event, made)

    def _delay(self, message: Message, due: Callable[[], object]) -> None:
        loop, event_id = asyncio.get_running_loop(), message.trace.event_id
        self._delayed[event_id] = loop.call_later(message.delay_s, self._due, event_id, due)

    def _due(self, event_id: str, due: Callable[[], object]) -> None:
        del self._delayed[event_id]
        due()

    def _hand_over(self, event: str, made: list[Delivery]) -> None:
        if made:
            for one, delivery in zip(self._topics[event].subscriptions, made, strict=False):
                one.put(delivery)

    def _subscriptions(self) -> list[Subscription]:
        self._leaving = {one for one in self._leaving if one.size}
        return [one for topic in self._topics.values() for one in topic.subscriptions] + list(self._leaving)
