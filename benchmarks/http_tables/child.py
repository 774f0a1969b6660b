"""A process of the benchmark's own, asked and answering in lines of JSON."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

PROJECT = Path(__file__).parents[2]
END_S, LAST_WORDS = 10, 4_000
Worker = Callable[..., Awaitable[Any]]


class Child:
    """`with Child("server", "litestar_app") as child: child.ask(...)`; ended with all it started."""

    def __init__(self, module: str, *arguments: str, cpu: int | None = None) -> None:
        self.name = " ".join((module, *arguments))
        self._folder = TemporaryDirectory(prefix="benchmark-")
        self._log = Path(self._folder.name, "log")
        # no setting of the caller's: every peer runs on its defaults
        environ = {"PATH": os.environ.get("PATH", ""), "HOME": self._folder.name, "TMPDIR": self._folder.name}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"benchmarks.http_tables.{module}", *arguments],
                cwd=PROJECT,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.pid = self._process.pid
        pin(self.pid, cpu)

    def ask(self, **question: Any) -> Any:
        """Ask, and wait for the answer.

        Raises:
            RuntimeError: the process ended; with what it wrote.
        """
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """Wait for an answer.

        Raises:
            RuntimeError: the process ended; with what it wrote.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended:\n{self._log.read_text(errors='replace')[-LAST_WORDS:]}")
        return json.loads(line)

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the process, and what it started."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.communicate()
        self._folder.cleanup()


def pin(pid: int, cpu: int | None) -> None:
    """Keep a process on one processor, where there are several and the system can."""
    if cpu is not None and hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(pid, {allowed[cpu % len(allowed)]})


def replies() -> Callable[[Any], None]:
    """Keep this process's output for answers: what the apps print goes where their errors go."""
    output = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return lambda value: print(json.dumps(value), file=output)


async def answer_all(work: Worker, arguments: Sequence[str] = ()) -> None:
    """Answer each question of the parent by `work(*arguments, **question)` until there are no more."""
    reply = replies()
    for line in sys.stdin:
        reply(await work(*arguments, **json.loads(line)))
