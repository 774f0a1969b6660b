"""A server as a child process, which a test can kill, freeze and start again; and a port for it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class ServerProcess:
    """What is durable in it outlives `kill` and `stop`.

    Args:
        command: what starts it, in the foreground.
        log: the file that takes what it says.
        starts_within_s: seconds until it has to answer.
        environment: in place of this process's.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        starts_within_s: float = 20,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command, self._log, self._environment = command, log, environment
        self._starts_within_s = starts_within_s
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it answers; after `kill` or `stop` again, with the same URL and data."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        ends_at = time.monotonic() + self._starts_within_s
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > ends_at:
                self.kill()
                raise RuntimeError(f"{Path(self._command[0]).name} did not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.01)

    def kill(self) -> None:
        """End it at once, by SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Let it end by itself, by SIGTERM."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(self._starts_within_s)

    def pause(self) -> None:
        """Let it be silent, its sockets open, by SIGSTOP; returns when each of its threads has stopped."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)
            os.waitpid(self._process.pid, os.WUNTRACED)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        raise NotImplementedError


def free_port() -> int:
    """Find a port of 127.0.0.1 that nobody has just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
