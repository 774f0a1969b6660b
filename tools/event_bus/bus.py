"""The event bus: who listens and replies to what, and the way in; a log keeps events until they are handled."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

from hookspecs import Fact, Finding, Run, hookimpl, owner
from tools.event_bus.callback import Callback
from tools.event_bus.contract import DeadLetter, Gift, Store, TracedEvent
from tools.event_bus.exchange import Exchange, Responder
from tools.event_bus.log import Log
from tools.event_bus.message import LONGEST_EVENT, detailed, is_text, message
from tools.event_bus.options import Options
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.subscription import Subscription
from tools.event_bus.transports import Transport, transport

PUBLISHES_IN_A_TURN = 256  # then others may run: a loop of publishes would keep the event loop for itself


class Bus:
    """Keeps `EventBus`."""

    def __init__(self, settings: EventBusSettings) -> None:
        self._settings = settings
        self._run: Run = _not_booted
        self._state: Literal["booting", "open", "closed"] = "booting"
        self._subscriptions: dict[tuple[str, str], Subscription] = {}
        self._exchange = Exchange()
        self._store: tuple[str, Store] | None = None
        self._log: Log | None = None
        self._published = 0

    @hookimpl
    async def on_boot(self, run: Run) -> None:
        self._run = run

    @hookimpl
    async def on_ready(self) -> None:
        self._log = self._transport().make_log()
        for subscription in self._subscriptions.values():
            self._log.add(subscription)
        await self._log.open()
        self._state = "open"

    @hookimpl
    async def check_health(self) -> None:
        if self._log is not None:
            await self._log.check_health()

    @hookimpl
    async def on_shutdown(self) -> None:
        if self._log is None or self._state == "closed":
            return
        try:
            await self._log.drain()
            await self._exchange.drained()
        finally:
            self._state = "closed"
            await asyncio.gather(self._log.close(), self._exchange.close())

    @hookimpl
    def check(self) -> Iterator[Finding]:
        given = self._transport().gives
        for one in self._subscriptions.values():
            who = f"{one.name} subscribes to {one.event!r}"
            if missing := sorted(one.options.require - given.gifts):
                remedy = "set EVENT_BUS_URL, keep the plugin that calls `store_in`, or require less"
                yield Finding("event-require", f"{who} and requires {', '.join(missing)}, which the transport "
                              f"{given.transport!r} does not give: {remedy}")  # fmt: skip
            elif one.options.transactional and "transactional" not in given.gifts:
                text = f"{who} with transactional=True, and the transport {given.transport!r} may repeat what it does"
                yield Finding("event-transactional", text, is_error=False)
            if one.options.timeout_s >= self._settings.event_bus_lease_s:
                yield Finding("event-lease", f"{who} with timeout={one.options.timeout_s:g}, and EVENT_BUS_LEASE_S is "
                              f"{self._settings.event_bus_lease_s:g}: make that longer")  # fmt: skip

    @hookimpl
    def describe(self) -> Iterator[Fact]:
        given = self._transport().gives
        said = ", ".join([*([] if "durable" in given.gifts else ["not durable"]), *sorted(given.gifts)])
        said += f"; a power cut may cost {given.power_cut}"
        data = {"gifts": sorted(given.gifts), "power_cut": given.power_cut,
                "stored_by": self._store[0] if self._store else "",
                "is_default": self._settings.scheme == "db"}  # fmt: skip
        yield Fact("transport", "event_bus", given.transport, said, data)
        for one in self._subscriptions.values():
            numbers = {"retries": one.options.retries, "backoff_s": one.options.backoff_s,
                       "timeout_s": one.options.timeout_s, "concurrency": one.options.concurrency,
                       "transactional": one.options.transactional, "group": one.name}  # fmt: skip
            yield _fact("subscription", one.callback, one.event, numbers)
            yield Fact("event", one.callback.owner, one.event, data={"payload": one.callback.payload_type})
        for responder in self._exchange.responders.values():
            yield _fact("responder", responder.callback, responder.event, {})

    async def publish(
        self,
        event: str,
        payload: object,
        *,
        key: str = "",
        delay: float = 0,
        ttl: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        log = self._opened(event)
        one = message(_named(event), payload)
        if key or delay or ttl is not None or headers:
            one = detailed(one, key, delay, ttl, headers)
        self._published += 1
        if not self._published % PUBLISHES_IN_A_TURN:
            await asyncio.sleep(0)
        if (waiting := log.append(one)) is not None:
            await waiting
        return one.trace.event_id

    def subscribe(
        self,
        event: str,
        callback: Callable[..., object],
        *,
        group: str = "",
        retries: int = 9,
        backoff: float = 0.5,
        timeout: float = 30,
        concurrency: int = 8,
        transactional: bool = False,
        require: Collection[Gift] = (),
    ) -> Subscription:
        made = Callback(owner.get().name, callback)
        options = Options(retries=retries, backoff_s=backoff, timeout_s=timeout, concurrency=concurrency,
                          transactional=transactional, require=frozenset(require)).checked(made.name)  # fmt: skip
        one = Subscription(_named(event), _named(group or made.name), made, options, self._in_thread)
        owner.get().undo.callback(self._unsubscribe, one)
        there = self._subscriptions.setdefault((one.event, one.name), one)
        if there is not one:
            advice = "give one of the two another `group`"
            raise ValueError(
                f"{made.name} subscribes to {event!r} as {one.name!r}, as {there.callback.name} does: {advice}"
            )
        if self._log is not None:
            self._log.add(one)
        return one

    async def request(self, event: str, payload: object, timeout: float = 5, *, into: type | None = None) -> Any:
        self._opened(event)
        return await self._exchange.ask(message(event, payload), timeout, Any if into is None else into)

    def reply(self, event: str, callback: Callable[..., object]) -> Responder:
        responder = Responder(_named(event), Callback(owner.get().name, callback), self._in_thread)
        owner.get().undo.callback(self._exchange.remove, responder)
        self._exchange.add(responder)
        return responder

    async def dead_letters(self, *, after: int = 0, limit: int = 100) -> list[DeadLetter]:
        return await self._opened("dead letters").dead_letters(after, limit)

    async def replay(self, id: int) -> bool:
        return await self._opened("replay").replay(id)

    async def drop(self, id: int) -> bool:
        return await self._opened("drop").drop(id)

    async def trace(self, trace_id: str) -> list[TracedEvent]:
        return await self._opened("trace").trace(trace_id)

    async def pending(self) -> int:
        return await self._log.pending() if self._log is not None else 0

    async def failed(self) -> dict[str, int]:
        return await self._log.failed() if self._log is not None else {}

    def store_in(self, db: Store) -> None:
        who = owner.get()
        mine = (who.name, db)
        who.undo.callback(self._store_no_more, mine)
        if self._store is not None:
            raise ValueError(f"{who.name} cannot store events, as {self._store[0]} does: remove one of the two")
        self._store = mine

    def _transport(self) -> Transport:
        return transport(self._settings, self._store and self._store[1])

    async def _in_thread(self, function: Callable[..., Any], /, *args: Any) -> Any:
        return await self._run(function, *args)  # looked up late: a constructor may subscribe before `on_boot`

    def _opened(self, event: str) -> Log:
        if self._state == "booting":
            raise RuntimeError(f"event_bus took no {event!r}, as the system still boots: do it in `on_ready` or later")
        if self._state == "closed" or self._log is None:
            raise RuntimeError(f"event_bus took no {event!r}, as the system has shut down: do it before")
        return self._log

    def _store_no_more(self, mine: tuple[str, Store]) -> None:
        if self._store is mine:
            self._store = None

    def _unsubscribe(self, one: Subscription) -> None:
        if self._subscriptions.get((one.event, one.name)) is one:
            del self._subscriptions[one.event, one.name]
            if self._log is not None and self._state == "open":
                self._log.remove(one)


async def _not_booted(function: Callable[..., Any], /, *args: Any) -> Any:
    raise RuntimeError("event_bus cannot call a `def` yet: publish in `on_ready` or later")


@lru_cache(4_096)  # at each publish
def _named(name: str) -> str:
    if not 0 < len(name) <= LONGEST_EVENT or not is_text(name):
        raise ValueError(f"event_bus got the name {name[:40]!r}: give 1 to {LONGEST_EVENT} characters, and no NUL")
    return str.__str__(name)  # a member of an enum that is a text is called by that text


def _fact(kind: str, callback: Callback, event: str, numbers: Mapping[str, Any]) -> Fact:
    data = {"callback": callback.function_name, "payload": callback.fields(), **numbers}
    return Fact(kind, callback.owner, event, data=data)
