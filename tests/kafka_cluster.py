"""A stand-in for Kafka: librdkafka's mock cluster, one broker in a process of its own. It is no Kafka.

It speaks Kafka's protocol (librdkafka's own tests run on it): produce, also idempotent, fetch, metadata, the offsets
and the rebalances of consumer groups. What it does not do, and what is therefore not proven here:

- It keeps everything in memory: `kill` loses all topics, events and offsets. So nothing is proven about what Kafka
  itself keeps, and connections are cut where other brokers are killed.
- It keeps a few megabytes of each partition, and drops older events, whoever has not had them.
- It creates no topics by the admin API, but any topic that is asked for, with 4 partitions; so our own creation of
  topics, with our number of partitions, is tried on no server here.
- It answers a fetch that finds nothing when its time is over, half a second, where Kafka answers as soon as there is
  something: so an event takes up to that long to arrive.
- It has one broker: no replicas, no change of a leader. It checks no password, has no access control and no TLS.
- A group that has no member yet begins at once, where Kafka waits three seconds for others. One whose members change
  goes on only a second before its session would be over, where Kafka goes on as soon as all have joined again: so
  sessions are two seconds here, which Kafka refuses by default.
- It refuses a member that syncs after the leader of its group did, where Kafka answers: so leaders are held back here.
- It takes no offsets while the members of a group change, where Kafka does: so what is being taken then comes twice.
- It lets anybody commit offsets for a group; Kafka refuses that from outside while the group has members.
"""

import asyncio
import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

_BROKER_ID = 1
_PRODUCER = 0
_CONFIRMED_WITHIN_S = 0.1
_FOLLOWERS_FIRST_S = 0.1
_SYNC_GROUP = 14


class KafkaCluster:
    """A mock of our own; after `kill` and `start` it has the same URL, and has forgotten everything."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self.advertise(self.port)

    def advertise(self, port: int) -> None:
        """Tell clients to go to another port, that of a proxy; before `start`."""
        self.url = f"kafka://127.0.0.1:{port}?session_s=2"
        self._advertised_port = port

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = [sys.executable, __file__, str(self.port), str(self._advertised_port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"up\n":
            raise RuntimeError("the mock cluster of librdkafka did not start")

    def kill(self) -> None:
        """End it, by SIGKILL, when what was just taken is confirmed.

        A client that confirms after the next start, of which it knows nothing, would leave out what is new then.
        """
        if self._process is not None:
            time.sleep(_CONFIRMED_WITHIN_S)
            self._process.kill()
            self._process.communicate()

    def pause(self) -> None:
        """Let it be silent, its sockets open, by SIGSTOP."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def server() -> Iterator[KafkaCluster]:
    """Run one, and give it."""
    made = KafkaCluster()
    made.start()
    try:
        yield made
    finally:
        made.kill()


def _library() -> ctypes.CDLL:
    """Load the librdkafka that is in confluent-kafka's wheel, whose Python part does not show the mock's settings."""
    found = find_spec("confluent_kafka")
    assert found is not None and found.origin is not None, "install the extra `test`"
    (path,) = Path(found.origin).parent.parent.glob("confluent_kafka.libs/librdkafka*")
    library = ctypes.CDLL(os.fspath(path))
    pointer, number, text = ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p
    library.rd_kafka_new.restype = pointer
    library.rd_kafka_new.argtypes = [ctypes.c_int, pointer, text, ctypes.c_size_t]
    library.rd_kafka_mock_cluster_new.restype = pointer
    library.rd_kafka_mock_cluster_new.argtypes = [pointer, ctypes.c_int]
    library.rd_kafka_mock_cluster_bootstraps.restype = text
    library.rd_kafka_mock_cluster_bootstraps.argtypes = [pointer]
    library.rd_kafka_mock_group_initial_rebalance_delay_ms.argtypes = [pointer, number]
    library.rd_kafka_mock_broker_set_host_port.argtypes = [pointer, number, text, number]
    return library


def _mock(advertised_port: int) -> tuple[str, int]:
    """Start the mock, and give its address, which is another one each time."""
    library = _library()
    handle = library.rd_kafka_new(_PRODUCER, None, ctypes.create_string_buffer(512), 512)
    cluster = library.rd_kafka_mock_cluster_new(handle, 1)
    library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0)
    host, _, port = library.rd_kafka_mock_cluster_bootstraps(cluster).decode().partition(":")
    library.rd_kafka_mock_broker_set_host_port(cluster, _BROKER_ID, b"127.0.0.1", advertised_port)
    return host, int(port)


async def main(port: int, advertised_port: int) -> None:
    """Be the cluster on that port, until stdin ends."""
    address = _mock(advertised_port)

    async def join(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(*address)
        await asyncio.gather(_ask(client, to_server), _answer(server, to_client))

    async with await asyncio.start_server(join, "127.0.0.1", port):
        print("up", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


async def _ask(client: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
    """Pass requests on, one by one: a leader's SyncGroup after those of its followers."""
    try:
        while True:
            size = await client.readexactly(4)
            request = await client.readexactly(int.from_bytes(size))
            if _is_sync_of_leader(request):
                await asyncio.sleep(_FOLLOWERS_FIRST_S)
            to_server.write(size + request)
            await to_server.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass  # either side is gone, so the other one goes too
    finally:
        to_server.close()


def _is_sync_of_leader(request: bytes) -> bool:
    """Whether it is a SyncGroup that has assignments: version 0 to 3 of the protocol."""
    key, version = struct.unpack_from(">hh", request)
    if key != _SYNC_GROUP:
        return False
    at = 8  # after the number of the request
    for gap in (0, 0, 4):  # client's name, group, generation, member
        at += gap + 2 + max(0, struct.unpack_from(">h", request, at + gap)[0])
    if version == 3:
        at += 2 + max(0, struct.unpack_from(">h", request, at)[0])
    return bool(struct.unpack_from(">i", request, at)[0])


async def _answer(server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
    try:
        while data := await server.read(65_536):
            to_client.write(data)
            await to_client.drain()
    except OSError:
        pass
    finally:
        to_client.close()


if __name__ == "__main__":
    asyncio.run(main(*(int(text) for text in sys.argv[1:])))
