"""Child processes that are killed: each runs an async function of this folder, and tells the test what it does.

    test --fork server--> child: role(child, ...)
                          child --"b 7 12.5\n"--> pipe --> test

The fork server has all imported, so that a child costs a fork and a boot. A line is one `write`: it is told or it is
not, whenever the child dies.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

PRELOADED = ["tests.tools.event_bus.torture.roles", "tools.db.sqlite.engine", "tools.db.postgres.engine"]


class Teller:
    """What a child has to talk."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def tell(self, *words: object) -> None:
        """Say a line; the time is that of all processes of the machine, in seconds."""
        os.write(self._pipe, " ".join([*map(str, words), f"{time.monotonic():.6f}"]).encode() + b"\n")


Role = Callable[..., Coroutine[Any, Any, None]]


def _run(role: Role, tells: Connection, args: tuple[Any, ...], how: dict[str, Any]) -> None:
    logging.disable(logging.ERROR if not how.pop("is_logging", False) else 0)
    asyncio.run(role(Teller(tells.fileno()), *args, **how))


class Child:
    """A process, and the lines that it has told so far, each as its words and the second of its telling."""

    def __init__(self, role: Role, *args: Any, **how: Any) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        told, tells = context.Pipe(duplex=False)
        self.process = context.Process(target=_run, args=(role, tells, args, how), daemon=True)
        self.process.start()
        tells.close()
        self.lines = list[list[str]]()
        self.killed_at = float("inf")
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(told,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def of(self, word: str) -> list[list[str]]:
        """Give the lines that begin with a word."""
        return [line for line in self.lines if line[0] == word]

    def wait_for(self, word: str, count: int = 1, seconds: float = 30) -> None:
        """Wait until it has told that many lines that begin with a word."""
        with self._changed:
            there = self._changed.wait_for(lambda: self._is_through or len(self.of(word)) >= count, seconds)
        assert there, f"no {count} times {word!r} within {seconds} s, but {self.lines[-5:]}"
        assert len(self.of(word)) >= count, f"it died by itself: {self.process.exitcode}, {self.lines[-5:]}"

    def kill(self) -> None:
        """Kill it, and read what it has told until its death."""
        self.killed_at = time.monotonic()
        self.process.kill()
        self.end()

    def end(self, seconds: float = 30) -> None:
        """Wait for its end."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, "it goes on"
        self._reader.join()

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    _is_through = False

    def _read(self, told: Connection) -> None:
        rest = b""
        while piece := os.read(told.fileno(), 65_536):
            *lines, rest = (rest + piece).split(b"\n")
            with self._changed:
                self.lines += [line.decode().split(" ") for line in lines]
                self._changed.notify_all()
        with self._changed:
            self._is_through = True
            self._changed.notify_all()
        told.close()


@contextmanager
def children() -> Iterator[Callable[..., Child]]:
    """Start some in a block; at its end none is left."""
    made = list[Child]()

    def start(role: Role, *args: Any, **how: Any) -> Child:
        made.append(Child(role, *args, **how))
        return made[-1]

    try:
        yield start
    finally:
        for child in made:
            with suppress(ProcessLookupError):
                child.process.kill()
            child.end()
