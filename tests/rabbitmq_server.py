"""A RabbitMQ for tests: that of TEST_RABBITMQ_URL, or Debian's, as a child process that can be killed and frozen.

It runs as whoever runs the tests, root too: the script behind Debian's wrapper, with each folder, the cookie and the
configuration below one folder of ours, without plugins. Erlang's port mapper (epmd) is one of our own, on a port of its
own, so none is left behind as a daemon, and one that runs already is left alone.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.server_process import ServerProcess, free_port

_SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_STARTS_WITHIN_S = 60
_WRITTEN_DOWN_AFTER_S = 1.5
_GREETING = b"AMQP\x00\x00\x09\x01"


class RabbitServer(ServerProcess):
    """A node of ours in a folder of its own; what is durable in it outlives `kill` and `stop`, until the end."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        self._folder = folder
        self._epmd: subprocess.Popen[bytes] | None = None
        self._epmd_port = free_port()
        environment = _environment(folder, self.port, self._epmd_port)
        super().__init__([_SCRIPT], folder / "out", _STARTS_WITHIN_S, environment)

    @property
    def address(self) -> tuple[str, int]:
        """Where a proxy leads to."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        return parts.hostname, parts.port or 5672

    def url_through(self, port: int, scheme: str = "amqp") -> str:
        """Its URL behind a proxy on that port of 127.0.0.1."""
        parts = urlsplit(self.url)
        user, _, _ = parts.netloc.rpartition("@")
        return parts._replace(scheme=scheme, netloc=f"{user}@127.0.0.1:{port}").geturl()

    def start(self) -> None:
        """Start it, and return when it answers; after `kill` or `stop` again, with the same URL and data."""
        if self._epmd is None:
            port = str(self._epmd_port)
            self._epmd = subprocess.Popen(["epmd", "-port", port, "-address", "127.0.0.1"], stdin=subprocess.DEVNULL)
        super().start()

    def kill(self) -> None:
        """End the node by SIGKILL, and wait until the helpers that Erlang started are gone too.

        One fault of RabbitMQ's is left out: it writes the name of a new quorum queue down up to a second after it said
        that it is declared, and a node that ends before is left with a queue that takes nothing any more (3.10 to 4.2,
        https://github.com/rabbitmq/rabbitmq-server/issues/15725). So this waits until no queue is as young as that.
        """
        if self._process is None:
            return
        while self._has_young_queue():
            time.sleep(0.05)
        helpers = _descendants(self._process.pid)
        self._process.kill()
        self._process.wait()
        self._process = None
        for pid in helpers:  # they end by themselves when their node's pipe closes
            _wait_for_end(pid)

    def end(self) -> None:
        """End everything, the port mapper too."""
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()

    def _has_young_queue(self) -> bool:
        made_at = (file.stat().st_mtime for file in self._folder.glob("mnesia/*/quorum/*/*/config"))
        return max(made_at, default=0.0) > time.time() - _WRITTEN_DOWN_AFTER_S

    def _answers(self) -> bool:
        with socket.socket() as client:
            client.settimeout(1)
            try:
                client.connect(("127.0.0.1", self.port))
                client.sendall(_GREETING)
                return client.recv(1) == b"\x01"
            except OSError:
                return False


class GivenServer(RabbitServer):
    """That of TEST_RABBITMQ_URL: who has to kill it is skipped."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None:
        pytest.skip("these end and freeze a RabbitMQ of their own: leave TEST_RABBITMQ_URL away")

    kill = stop = pause = resume = start


@contextmanager
def server() -> Iterator[RabbitServer]:
    """Run one, and give it; a start takes about four seconds."""
    if url := os.environ.get("TEST_RABBITMQ_URL"):
        yield GivenServer(url)
        return
    if not _SCRIPT.exists():
        pytest.skip("no RabbitMQ: apt-get install rabbitmq-server, or set TEST_RABBITMQ_URL")
    with tempfile.TemporaryDirectory(prefix="rabbitmq") as folder:
        made = RabbitServer(Path(folder))
        try:
            made.start()
            yield made
        finally:
            made.end()


def _environment(folder: Path, port: int, epmd_port: int) -> dict[str, str]:
    (folder / "plugins").write_text("[].")
    (folder / "rabbitmq.conf").write_text("disk_free_limit.absolute = 1MB\n")
    (folder / "inetrc").write_text('{lookup, [file]}. {host, {127,0,0,1}, ["localhost"]}.')  # no helper that asks DNS
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_INETRC": str(folder / "inetrc"),
        "RABBITMQ_ALLOW_INPUT": "1",  # the script becomes the node, and waits beside it no longer
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_NODENAME": f"test{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
    }


def _descendants(pid: int) -> list[int]:
    found = []
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += [int(child), *_descendants(int(child))]
    return found


def _wait_for_end(pid: int) -> None:
    ends_at = time.monotonic() + 5
    while time.monotonic() < ends_at:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return  # ended; its new parent has not asked yet
        except OSError:
            return
        time.sleep(0.01)
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)
