"""The event bus inside one process: bounded, in order, drained at shutdown, and not durable."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain as joined
from typing import Any, Literal

from hookspecs import Fact, Run, hookimpl, owner
from tools.event_bus.callback import Callback
from tools.event_bus.contract import Failure
from tools.event_bus.exchange import Exchange, Responder
from tools.event_bus.failure_list import FailureList
from tools.event_bus.memory_subscription import MemorySubscription
from tools.event_bus.message import Message, chain, message
from tools.event_bus.one_thread import OneThread
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.topic import Topic

log = logging.getLogger(__name__)
PUBLISHES_IN_A_TURN = 256  # then others may run: a loop of publishes would keep the event loop for itself
LAST_WORDS_S = 0.5  # for callbacks that were cancelled at shutdown


class MemoryBus:
    """Keeps `EventBus`."""

    def __init__(self, settings: EventBusSettings) -> None:
        self._settings = settings
        self._run: Run = _not_booted
        self._state: Literal["booting", "open", "closed"] = "booting"
        self._topics: dict[str, Topic] = {}
        self._leaving: set[MemorySubscription] = set()
        self._exchange = Exchange()
        self._holder: tuple[str, Callable[[Callable[[], None]], object]] | None = None
        self._failures = FailureList()
        self._published = 0

    @hookimpl
    async def on_boot(self, run: Run) -> None:
        self._run = run

    @hookimpl
    async def on_ready(self) -> None:
        self._state = "open"

    @hookimpl
    async def on_shutdown(self) -> None:
        try:
            while busy := [one for one in self._subscriptions() if one.queue and not one.is_stuck]:
                await busy[0].drained()
            if self._exchange.under_way:
                await asyncio.wait(self._exchange.under_way)
        finally:
            self._state = "closed"
            await self._stop()

    @hookimpl
    def describe(self) -> Iterator[Fact]:
        yield Fact(
            "transport",
            "event_bus",
            "memory",
            "in memory, not durable: events that wait are lost with the process",
            {"queue": self._settings.event_bus_queue, "held_by": self._holder[0] if self._holder else ""},
        )
        for topic in self._topics.values():
            for one in topic.subscriptions:
                numbers = {"retries": one.retries, "backoff_s": one.backoff_s, "timeout_s": one.timeout_s}
                yield _fact("subscription", one, numbers)
                yield Fact("event", one.name.rpartition(".")[0], one.event, data={"payload": one.callback.payload_type})
        for responder in self._exchange.responders.values():
            yield _fact("responder", responder, {})

    async def publish(self, event: str, payload: object) -> None:
        if self._state != "open":
            raise self._closed(event)
        one = message(event, payload)
        self._published += 1
        if not self._published % PUBLISHES_IN_A_TURN:
            await asyncio.sleep(0)
        topic = self._topics.get(event)
        if topic is not None and topic.is_full():
            if chain.get():  # the callback may be what the queue waits for
                raise topic.refusal()
            await topic.room(self._settings.event_bus_wait_s)
            if self._state != "open":
                raise self._closed(event)
        if self._holder is None:
            self._put(one)
        elif inspect.isawaitable(held := self._holder[1](partial(self._put, one))):
            await held

    def subscribe(
        self,
        event: str,
        callback: Callable[..., object],
        *,
        retries: int = 0,
        backoff: float = 0.5,
        timeout: float = 30,
    ) -> MemorySubscription:
        topic = self._topics.get(event) or Topic(event, self._settings.event_bus_queue)
        thread = OneThread(self._in_thread)
        subscription = MemorySubscription(
            event,
            Callback(owner.get().name, callback, thread.run),
            thread,
            retries=retries,
            backoff_s=backoff,
            timeout_s=timeout,
            done=topic.made_room,
            failed=self._failures.add,
        )
        owner.get().undo.callback(self._unsubscribe, subscription)
        self._topics.setdefault(event, topic).subscriptions.append(subscription)
        return subscription

    async def request(self, event: str, payload: object, timeout: float = 5, *, into: type | None = None) -> Any:
        if self._state != "open":
            raise self._closed(event)
        return await self._exchange.ask(message(event, payload), timeout, Any if into is None else into)

    def reply(self, event: str, callback: Callable[..., object]) -> Responder:
        responder = Responder(event, Callback(owner.get().name, callback, self._in_thread))
        owner.get().undo.callback(self._exchange.remove, responder)
        self._exchange.add(responder)
        return responder

    def failures(self) -> list[Failure]:
        return self._failures.newest_last()

    def pending(self) -> int:
        return sum(len(subscription.queue) for subscription in self._subscriptions())

    def hold_until(self, after_commit: Callable[[Callable[[], None]], object]) -> None:
        who = owner.get()
        if self._holder is not None:
            raise ValueError(f"{who.name} cannot hold events, as {self._holder[0]} does: remove one of the two")
        who.undo.callback(setattr, self, "_holder", None)
        self._holder = (who.name, after_commit)

    async def _in_thread(self, function: Callable[..., Any], /, *args: Any) -> Any:
        return await self._run(function, *args)  # looked up late: a constructor may subscribe before `on_boot`

    def _closed(self, event: str) -> RuntimeError:
        if self._state == "booting":
            return RuntimeError(f"event_bus took no {event!r}, as the system still boots: do it in `on_ready` or later")
        return RuntimeError(f"event_bus took no {event!r}, as the system has shut down: do it before")

    def _put(self, one: Message) -> None:
        topic = self._topics.get(one.event)
        if self._state == "closed":
            log.error("event_bus lost %r (%s): it was committed after the shutdown", one.event, one.trace.event_id)
        elif topic is not None:
            topic.put(one)

    def _unsubscribe(self, subscription: MemorySubscription) -> None:
        topic = self._topics[subscription.event]
        topic.subscriptions.remove(subscription)
        topic.made_room()
        subscription.leave()
        self._leaving.add(subscription)

    def _subscriptions(self) -> list[MemorySubscription]:
        self._leaving = {one for one in self._leaving if one.queue}
        return [*joined.from_iterable(topic.subscriptions for topic in self._topics.values()), *self._leaving]

    async def _stop(self) -> None:
        subscriptions = self._subscriptions()
        if lost := {one.name: len(one.queue) for one in subscriptions if one.queue}:
            log.error(
                "event_bus lost %d events at shutdown, they were not handled in time: %r", sum(lost.values()), lost
            )
        workers = [one.worker for one in subscriptions if one.worker is not None]
        for one in subscriptions:
            one.stop()
        for answer in self._exchange.under_way:
            answer.cancel()
        if ending := {*workers, *self._exchange.under_way}:
            await asyncio.wait(ending, timeout=LAST_WORDS_S)


async def _not_booted(function: Callable[..., Any], /, *args: Any) -> Any:
    raise RuntimeError("event_bus cannot call a `def` yet: publish in `on_ready` or later")


def _fact(kind: str, of: MemorySubscription | Responder, numbers: dict[str, float]) -> Fact:
    who, _, callback = of.name.rpartition(".")
    return Fact(kind, who, of.event, data={"callback": callback, "payload": of.callback.fields(), **numbers})
