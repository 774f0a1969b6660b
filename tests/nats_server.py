"""A NATS for tests: one from a wheel, with JetStream, that listens on 127.0.0.1 only, and can be killed."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STARTS_WITHIN_S = 20


class NatsServer:
    """A server of ours in a folder of its own; what is stored in it outlives `kill` and `stop`, until the end."""

    def __init__(self, folder: Path, options: str) -> None:
        self.port = _free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._log = folder / "log"
        config = folder / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{self.port}"\nlame_duck_grace_period: "100ms"\n'
            f'jetstream {{ store_dir: "{folder}", sync_interval: always }}\n{options}\n'
        )
        self._command = [_binary(), "--config", str(config)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it answers; after `kill` or `stop` again, with the same URL."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ends_at = time.monotonic() + _STARTS_WITHIN_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > ends_at:
                self.kill()
                raise RuntimeError(f"nats-server did not start: {self._log.read_text()[-2000:]}")
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
            self._process.wait(_STARTS_WITHIN_S)

    def pause(self) -> None:
        """Let it be silent, its sockets open, by SIGSTOP."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with socket.socket() as client:
            client.settimeout(1)
            try:
                client.connect(("127.0.0.1", self.port))
                return client.recv(4).startswith(b"INFO")
            except OSError:
                return False


@contextmanager
def server(options: str = "") -> Iterator[NatsServer]:
    """Run one, and give it; what it confirmed is on the disk.

    Args:
        options: lines of nats-server's configuration, such as `authorization { user: u, password: p }`.
    """
    with tempfile.TemporaryDirectory(prefix="nats") as folder:
        made = NatsServer(Path(folder), options)
        made.start()
        try:
            yield made
        finally:
            made.kill()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _binary() -> str:
    found = Path(sys.executable).parent / "nats-server"
    assert os.access(found, os.X_OK), "install the extra `test`"
    return str(found)
