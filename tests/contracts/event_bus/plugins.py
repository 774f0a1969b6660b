"""What plugins do with a bus again and again, and how a test waits for it."""

import asyncio
import contextlib
import inspect
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import msgspec

from hookspecs import Fact, Finding, Part, Run, Trace, Undo, owner, trace
from tools.event_bus.contract import Envelope, EventBus

REQUEST = Trace("trace-1", "request-1")


class Work(EventBus, Protocol):
    """A work has the hooks beside the contract."""

    async def on_boot(self, run: Run) -> None: ...
    async def on_ready(self) -> None: ...
    async def on_shutdown(self) -> None: ...
    def describe(self) -> Iterable[Fact]: ...
    def check(self) -> Iterable[Finding]: ...


class UserCreated(msgspec.Struct):
    id: int
    email: str


class OnlyId(msgspec.Struct):
    id: int


class UnspeakableError(Exception):
    """One whose text cannot be made."""

    def __str__(self) -> str:
        return str(self.args[7])


class Listener:
    """A callback that keeps what it gets."""

    def __init__(self) -> None:
        self.seen = list[Any]()

    async def handle(self, payload: Any) -> None:
        self.seen.append(payload)


class Gate(Listener):
    """One that says when it began, and ends when it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.opened = asyncio.Event(), asyncio.Event()

    async def handle(self, payload: Any) -> None:
        self.began.set()
        await self.opened.wait()
        self.seen.append(payload)


class Hanging:
    """A `def` callback that hangs in its thread until it is let go."""

    def __init__(self) -> None:
        self.seen, self.let_go = list[Any](), threading.Event()

    def handle(self, payload: Any) -> None:
        self.seen.append(payload)
        assert self.let_go.wait(20)


class Broken(Listener):
    """One that fails until it is repaired."""

    def __init__(self) -> None:
        super().__init__()
        self.is_broken, self.calls = True, 0

    async def handle(self, payload: Any) -> None:
        self.calls += 1
        if self.is_broken:
            raise ValueError(f"no {payload}")
        self.seen.append(payload)


class ByKey:
    """A callback that counts how many run at once, and keeps what it got for each key; closed keys wait."""

    def __init__(self, *closed: str) -> None:
        self.seen = defaultdict[str, list[Any]](list)
        self.running, self.most = 0, 0
        self.opened = defaultdict[str, asyncio.Event](asyncio.Event)
        self.closed = set(closed)

    async def handle(self, payload: Any, envelope: Envelope) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        if envelope.key in self.closed:
            await self.opened[envelope.key].wait()
        await asyncio.sleep(0)
        self.running -= 1
        self.seen[envelope.key].append(payload)

    def open(self) -> None:
        for key in self.closed:
            self.opened[key].set()


@contextlib.contextmanager
def hook(name: str = "made.listener") -> Iterator[Undo]:
    """Be the hook of a plugin."""
    undo = Undo()
    token = owner.set(Part(name, f"{name}.py", undo=undo))
    try:
        yield undo
    finally:
        owner.reset(token)


def subscribe(bus: Work, event: str, callback: Callable[..., object], by: str = "made.listener", **how: Any) -> Undo:
    """Subscribe as plugin `by`; a second one to the same event with a callback of that name is another plugin."""
    with hook(by) as undo:
        bus.subscribe(event, callback, **how)
    return undo


def reply(bus: Work, event: str, callback: Callable[..., object]) -> Undo:
    with hook("made.responder") as undo:
        bus.reply(event, callback)
    return undo


def facts(bus: Work, kind: str) -> list[Fact]:
    """Read what the bus says of itself, of one kind."""
    return [fact for fact in bus.describe() if fact.kind == kind]


async def publish_in(bus: Work, cause: Trace, event: str, payload: object = 1) -> str:
    """Publish as what `cause` led to, as a request does."""
    token = trace.set(cause)
    try:
        return await bus.publish(event, payload)
    finally:
        trace.reset(token)


async def until(is_so: Callable[[], Any]) -> None:
    """Wait for a condition, or for one that has to be awaited."""
    async with asyncio.timeout(10):
        while not (await found if inspect.isawaitable(found := is_so()) else found):
            await asyncio.sleep(0.005)


async def settled(bus: Work, but: int = 0) -> None:
    """Wait until all is handled `but` so many: the shutdown of a durable work leaves what waits where it is stored."""

    async def is_idle() -> bool:
        return await bus.pending() == but

    await until(is_idle)


async def arrived(bus: Work, *event_ids: str) -> None:
    """Wait until events are stored for their groups, which a broker brings them to later; none of them has a cause."""

    async def are_there() -> bool:
        return all([any(one.deliveries for one in await bus.trace(event_id)) for event_id in event_ids])

    await until(are_there)


async def errors(bus: Work) -> list[str]:
    """Say why events failed for good, oldest first."""
    return [letter.error for letter in await bus.dead_letters()]
