"""One subscription in this process: what it has to handle, in lanes, and the workers that do it.

A lane holds the deliveries of one key (those without a key share one), in order, and one worker at a time has it. So
what is slow, is retried, or hangs holds up its own lane only.

    put -> lane -> ready -> a worker: callback -> keeper.ended, and the lane is ready again
                     ^                  | failed: the lane is parked for the backoff
                     +------------------+
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from contextvars import Context
from functools import partial
from typing import Any, Self

from hookspecs import Run
from tools.event_bus.callback import Begun, Callback
from tools.event_bus.delivery import Delivery
from tools.event_bus.one_thread import OneThread
from tools.event_bus.options import Options
from tools.event_bus.verdict import Keeper, admit, judged

DELIVERIES_IN_A_TURN = 64  # then others may run: callbacks that never wait would keep the event loop for themselves

Lane = deque[Delivery]


class Subscription:
    """Hands each delivery to `callback`; it stays in its lane until it is done with."""

    def __init__(self, event: str, group: str, callback: Callback, options: Options, run: Run) -> None:
        self.event, self.name, self.callback, self.options = event, group, callback, options
        self.size = 0
        """How many deliveries are here."""
        self.keeper: Keeper | None = None
        self.left: Callable[[], object] = int
        """Called when there is room for one more."""
        self._run = run
        self._lanes: dict[str, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._parked: dict[int, asyncio.TimerHandle] = {}
        self._stuck: list[Lane] = []
        self._workers: set[asyncio.Task[None]] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._idle = asyncio.Event()
        self._is_hurried = self._is_stopped = False

    def __await__(self) -> Generator[Any, None, Self]:
        yield from ()
        return self

    def put(self, delivery: Delivery) -> None:
        """Take a delivery, whatever the bound."""
        self.size += 1
        lane = self._lanes.get(key := delivery.message.key)
        if lane is None:
            lane = self._lanes[key] = deque((delivery,))
            self._make_ready(lane)
        else:
            lane.append(delivery)

    def hurry(self) -> None:
        """Wait for no backoff any more."""
        self._is_hurried = True
        for later in list(self._parked.values()):
            later.cancel()
        for lane in self._lanes.values():
            if id(lane) in self._parked:
                self._unpark(lane)

    def jammed(self, length: int) -> int:
        """Count what is in lanes that hold more than so many, or wait for their next attempt."""
        return sum(len(lane) for lane in self._lanes.values() if len(lane) > length or id(lane) in self._parked)

    def held(self) -> list[int]:
        """Give the `seq` of all that is here."""
        return [delivery.seq for lane in self._lanes.values() for delivery in lane]

    @property
    def is_running(self) -> bool:
        """Whether an attempt is under way or about to be: not what waits for its backoff, or behind a thread."""
        return len(self._lanes) > len(self._parked) + len(self._stuck)

    @property
    def is_busy(self) -> bool:
        """Whether anything is here, but for what waits behind a thread that timed out."""
        return self.size > sum(map(len, self._stuck))

    async def rested(self) -> None:
        """Wait until no attempt is under way."""
        while self.is_running:
            self._idle.clear()
            await self._idle.wait()

    async def drained(self) -> None:
        """Wait until it is not busy."""
        while self.is_busy:
            self._idle.clear()
            await self._idle.wait()

    def withdraw(self) -> list[Delivery]:
        """Give back what has not begun, and what waits for its next attempt."""
        resting = {id(lane) for lane in self._ready} | self._parked.keys()
        self._forget_parked()
        self._ready.clear()
        given: list[Delivery] = []
        for key, lane in list(self._lanes.items()):
            kept = [] if id(lane) in resting else [lane.popleft()]
            given += lane
            lane.clear()
            lane.extend(kept)
            if not lane:
                del self._lanes[key]
        self.size -= len(given)
        self._idle.set()
        return given

    async def stop(self, wait_s: float) -> list[Delivery]:
        """Cancel what runs, give it `wait_s` to end, and give back all that is here."""
        self._is_stopped = True
        self._forget_parked()
        for worker in self._workers:
            worker.cancel()
        if self._workers:
            await asyncio.wait(self._workers, timeout=wait_s)
        left = [one for lane in self._lanes.values() for one in lane if one.state in ("waiting", "claimed")]
        self._lanes.clear()
        self._ready.clear()
        self.size = 0
        return left

    # ------------------------------------------------------------ workers

    def _make_ready(self, lane: Lane) -> None:
        self._ready.append(lane)
        while self._waiting:
            news = self._waiting.pop()
            if not news.done():
                news.set_result(None)
                return
        if len(self._workers) < self.options.concurrency:
            self._start()

    def _start(self) -> None:
        # In an empty context: whoever publishes first must not leak its variables into all later deliveries.
        worker = asyncio.create_task(self._work(), name=f"event_bus {self.name}", context=Context())
        self._workers.add(worker)
        worker.add_done_callback(self._worker_ended)

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if not worker.cancelled():
            worker.exception()  # else asyncio logs it: a failure is noted already
        if self._ready and not self._is_stopped:  # a callback ended the task that it runs in
            self._start()

    async def _news(self) -> None:
        news = asyncio.get_running_loop().create_future()
        self._waiting.append(news)
        try:
            await news
        finally:
            if news in self._waiting:
                self._waiting.remove(news)

    async def _work(self) -> None:
        me, turn, ready, thread, callback = asyncio.current_task(), 0, self._ready, OneThread(self._run), self.callback
        assert me is not None
        keeper, timeout_s, is_transactional = self._of_keeper(), self.options.timeout_s, self.options.transactional
        while not me.cancelling():
            if not ready:
                await self._news()
                continue
            lane = ready.popleft()
            delivery, park_s, error = lane[0], None, None
            try:
                delivery.state = "claimed"
                if delivery.is_retry or delivery.is_spent or keeper.is_in_doubt or delivery.message.ttl_s is not None:
                    await admit(delivery, self.options, keeper)
                around = partial(keeper.within, delivery) if is_transactional else None
                begun = callback.begin(delivery.message, delivery.attempt, thread.run, around)
                if type(begun) is Begun:
                    await callback.finish(begun, timeout_s)
                    keeper.ended(delivery, "done")
                    # What waited has most likely had an effect: if this process is killed, one of a lane is repeated.
                    await keeper.marked()
                else:
                    keeper.ended(delivery, "done")
            except BaseException as problem:  # SystemExit too: a callback ends neither its subscription nor the process
                if self._is_stopped:
                    raise
                error, park_s = problem, judged(delivery, problem, self.options, keeper)
            if error is not None and thread.is_taken:
                await self._thread_free(thread, lane)
            self._leave(lane, park_s)
            if isinstance(error, GeneratorExit):  # it may be this worker that Python closes
                raise error
            turn = (turn + 1) % DELIVERIES_IN_A_TURN
            if not turn:
                await asyncio.sleep(0)

    def _leave(self, lane: Lane, park_s: float | None) -> None:
        """Let the lane go: its first delivery is through with, or waits `park_s` for its next attempt."""
        if park_s is not None:
            later = asyncio.get_running_loop().call_later(0 if self._is_hurried else park_s, self._unpark, lane)
            self._parked[id(lane)] = later
            self._idle.set()
            self.left()
            return
        key = lane.popleft().message.key
        self.size -= 1
        if lane:
            self._make_ready(lane)
        else:
            del self._lanes[key]
            if not self.is_running:
                self._idle.set()
        self.left()

    def _unpark(self, lane: Lane) -> None:
        del self._parked[id(lane)]
        self._make_ready(lane)

    def _forget_parked(self) -> None:
        for later in self._parked.values():
            later.cancel()
        self._parked.clear()

    async def _thread_free(self, thread: OneThread, lane: Lane) -> None:
        """Wait for the thread of an attempt that timed out: it keeps its lane and its worker until it has ended."""
        self._stuck.append(lane)
        self._idle.set()
        self.left()
        try:
            await thread.free()
        finally:
            self._stuck.remove(lane)

    def _of_keeper(self) -> Keeper:
        assert self.keeper is not None, "a log hands deliveries only to what was added to it"
        return self.keeper
