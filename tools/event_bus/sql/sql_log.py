"""The log in the application's database: a publish is an INSERT, in the publisher's transaction if there is one.

append -> row (waiting) -> commit -> wake -> Feeder claims -> Subscription -> Marks (done, dead)
                                      ^ every POLL_S: what other processes stored, what is due, what was lost
"""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from tools.event_bus.backoff import rest
from tools.event_bus.contract import DeadLetter, Gift, Gives, State, Store, TracedEvent
from tools.event_bus.delivery import Delivery, LostError
from tools.event_bus.message import Message
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.sql.archive import Archive
from tools.event_bus.sql.claims import Claims
from tools.event_bus.sql.feeder import Feeder
from tools.event_bus.sql.marks import Marks
from tools.event_bus.sql.room import Room
from tools.event_bus.sql.rows import insertion
from tools.event_bus.sql.watch import Watch
from tools.event_bus.sql.worker import Pair, Worker
from tools.event_bus.subscription import Subscription

log = logging.getLogger(__name__)
LAST_WORDS_S = 0.5  # for callbacks that were cancelled at shutdown
_MARK = "UPDATE _event_deliveries SET state = 'done', ended_at = ? WHERE seq = ? AND worker = ? AND state = 'claimed'"
_GIVE_BACK = """UPDATE _event_deliveries SET state = 'waiting', worker = '', attempts = attempts - ?
WHERE seq = ? AND worker = ? AND state = 'claimed'"""
_COUNT = "UPDATE _event_deliveries SET attempts = attempts + 1 WHERE seq = ? AND worker = ? AND state = 'claimed'"
_HOLD = "UPDATE _event_deliveries SET worker = worker WHERE seq = ? AND worker = ? AND state = 'claimed'"


def gives(dialect: str) -> Gives:
    """Say what the log gives."""
    cost = "nothing" if dialect == "sqlite" else "nothing, as long as the server has fsync and synchronous_commit on"
    gifts = frozenset[Gift]({"durable", "ordered", "delay", "dedup", "transactional"})
    return Gives(transport=f"{dialect} log", gifts=gifts, power_cut=cost)


class SqlLog:
    """Keeps `Log`."""

    def __init__(self, settings: EventBusSettings, store: Store) -> None:
        self.gives = gives(store.dialect)
        self._settings, self._store = settings, store
        self._worker = Worker(store, settings.event_bus_lease_s)
        self._marks, self._claims = Marks(store), Claims(store)
        self._room = Room(store, settings, lambda: self._known() | self._worker.absent)
        self._archive = Archive(store, self._known)
        self._feeders: dict[Pair, Feeder] = {}
        self._groups: dict[str, list[str]] = {}
        self._watch = Watch(store, settings, self._worker, self._wake_pair, self._on_change)
        self._watch.lost = self._forget_all
        self._watch.pairs = lambda: list(self._feeders)
        self._watch.chores.append(self._room.recount)

    async def open(self) -> None:
        await self._worker.register(self._feeders)
        await self._worker.look()
        self._on_change()
        await self._room.count()
        self._marks.start()
        self._watch.start()
        for feeder in self._feeders.values():
            feeder.start()

    def add(self, subscription: Subscription) -> None:
        subscription.keeper = self
        feeder = Feeder(subscription, self._claims, self._worker, self._marks)
        subscription.left = feeder.one_ended
        self._feeders[subscription.event, subscription.name] = feeder
        self._on_change()

    def remove(self, subscription: Subscription) -> None:
        feeder = self._feeders.pop((subscription.event, subscription.name))
        self._on_change()
        self._watch.later(self._end_for_good(feeder))

    async def check_health(self) -> None:
        pass  # the database has its own

    async def drain(self) -> None:
        await asyncio.gather(*map(self._end_feeding, self._feeders.values()))

    async def close(self) -> None:
        subscriptions = [feeder.subscription for feeder in self._feeders.values()]
        begun: list[Delivery] = []
        await asyncio.gather(*(feeder.stop() for feeder in self._feeders.values()))
        for left in await asyncio.gather(*(one.stop(LAST_WORDS_S) for one in subscriptions)):
            begun += left
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self._marks.stored()
        except TimeoutError:
            log.warning("event_bus: the last events that were handled could not be marked, and will be handled again")
        await asyncio.gather(self._marks.close(), self._watch.close())
        try:
            await self._give_back(begun)
            await self._give_back_the_rest()
            await self._worker.leave()
        except Exception as error:
            log.warning("event_bus could not give back what it had claimed; others will find out: %r", error)

    # ------------------------------------------------------------ told by subscriptions

    def ended(self, delivery: Delivery, state: State, error: str = "") -> None:
        self._room.one_less()
        if delivery.state != "done":  # by `within`
            delivery.state = state
            self._marks.add(delivery, state, error)

    async def marked(self) -> None:
        await self._marks.stored()

    @property
    def is_in_doubt(self) -> bool:
        return self._worker.may_be_dead

    async def counted(self, delivery: Delivery) -> bool:
        sql = _COUNT if delivery.is_retry else _HOLD
        while True:
            try:
                return await self._store.execute(sql, (delivery.seq, delivery.worker)) == 1
            except Exception as error:
                log.warning("event_bus cannot count an attempt, and goes on trying: %r", error)
                await asyncio.sleep(1)

    async def within(self, delivery: Delivery, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        async with self._store.transaction():
            value = await function(*args)
            mark = (self._watch.now_s(), delivery.seq, delivery.worker)
            if await self._store.execute(_MARK, mark) != 1:
                raise LostError
        delivery.state = "done"
        return value

    # ------------------------------------------------------------ asked by people

    async def dead_letters(self, after: int, limit: int) -> list[DeadLetter]:
        return await self._archive.dead_letters(after, limit)

    async def replay(self, id: int) -> bool:
        if (pair := await self._archive.replay(id)) is None:
            return False
        self._store.after_commit(partial(self._wake_pair, pair))
        return True

    async def drop(self, id: int) -> bool:
        return await self._archive.drop(id)

    async def trace(self, trace_id: str) -> list[TracedEvent]:
        return await self._archive.trace(trace_id)

    async def pending(self) -> int:
        return await self._archive.pending()

    async def failed(self) -> dict[str, int]:
        return await self._archive.failed()

    # ------------------------------------------------------------ the way in

    async def append(self, message: Message) -> None:
        groups = self._targets(message.event)
        if not groups:
            sql, params = insertion(message, ("",), "done")  # for the trace
        else:
            if self._room.is_full:
                await self._room.wait(message.event)
            sql, params = insertion(message, groups, "delayed" if message.delay_s else "waiting")
        await self._store.execute(sql, params)
        if groups:
            self._store.after_commit(partial(self._committed, message, len(groups)))

    def _committed(self, message: Message, groups: int) -> None:
        self._room.more(groups)
        self._wake(message)

    def _targets(self, event: str) -> Sequence[str]:
        """Name the groups that an event is stored for."""
        return self._groups.get(event, ())

    def _wake(self, message: Message) -> None:
        if message.delay_s:
            self._watch.due_at(message.due_at_s)
            return
        for group in self._groups.get(message.event, ()):
            self._wake_pair((message.event, group))

    def _wake_pair(self, pair: Pair, *, may_have_lost: bool = False) -> None:
        if (feeder := self._feeders.get(pair)) is not None:
            feeder.wake(may_have_lost=may_have_lost)

    def _known(self) -> set[Pair]:
        return {*self._feeders, *self._worker.others}

    def _on_change(self) -> None:
        """Look anew whom an event is for: our groups, those of other processes, and of who is away for a while."""
        found: dict[str, list[str]] = {}
        for event, group in sorted(self._known() | self._worker.absent):
            found.setdefault(event, []).append(group)
        self._groups = found

    def _forget_all(self) -> None:
        for feeder in self._feeders.values():
            feeder.subscription.withdraw()

    async def _end_feeding(self, feeder: Feeder) -> None:
        """Let others have what has not begun here, and wait for the end of what has."""
        await feeder.stop()
        await self._surely(partial(self._give_back, feeder.subscription.withdraw()))
        await feeder.subscription.rested()
        # what failed meanwhile: others may try again
        await self._surely(partial(self._give_back, feeder.subscription.withdraw()))
        await self._marks.stored()

    async def _end_for_good(self, feeder: Feeder) -> None:
        """Leave nothing claimed by this process, which lives on: not what never arrived, as its claim was cancelled."""
        await self._end_feeding(feeder)
        await self._surely(feeder.let_go)

    async def _surely(self, do: Callable[[], Awaitable[None]]) -> None:
        """Give something back however often that takes, and leave what runs the time for its end meanwhile."""
        for failures in itertools.count(1):
            try:
                return await do()
            except Exception as error:
                if failures == 1:
                    log.warning("event_bus cannot give back what has not begun, and goes on trying: %r", error)
                await rest(0.05, failures)

    async def _give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Let others have deliveries; an attempt that had not begun is none."""
        if not deliveries:
            return
        async with self._store.transaction():
            for one in deliveries:
                begun = 0 if one.is_retry or one.state != "waiting" else 1
                await self._store.execute(_GIVE_BACK, (begun, one.seq, one.worker))

    async def _give_back_the_rest(self) -> None:
        """Let others have what was claimed, and never arrived here: its claim was cancelled."""
        sql = "UPDATE _event_deliveries SET state = 'waiting', worker = '', attempts = attempts - 1"
        await self._store.execute(sql + " WHERE worker = ? AND state = 'claimed'", (self._worker.name,))
