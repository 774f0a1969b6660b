"""A NATS for tests: one from a wheel, with JetStream, that listens on 127.0.0.1 only, and can be killed."""

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server_process import ServerProcess, free_port


class NatsServer(ServerProcess):
    """A server of ours in a folder of its own; what is stored in it outlives `kill` and `stop`, until the end."""

    def __init__(self, folder: Path, options: str) -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        config = folder / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{self.port}"\nlame_duck_grace_period: "100ms"\n'
            f'jetstream {{ store_dir: "{folder}", sync_interval: always }}\n{options}\n'
        )
        super().__init__([_binary(), "--config", str(config)], folder / "log")

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


def _binary() -> str:
    found = Path(sys.executable).parent / "nats-server"
    assert os.access(found, os.X_OK), "install the extra `test`"
    return str(found)
