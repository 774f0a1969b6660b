"""WebSockets over real connections: what the servers do, what we do, and that both together leave nothing open."""

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
APP = "tests.servers.websocket_app:app"
WAIT_S = 20
UVICORN = ["uvicorn", APP, "--port", "{port}", "--timeout-graceful-shutdown", "8"]
SERVERS = {
    "uvicorn": UVICORN,
    "uvicorn bounded": [*UVICORN, "--ws", "tools.http.sockets.uvicorn:BoundedSockets"],
    "hypercorn": ["hypercorn", APP, "--bind", "127.0.0.1:{port}"],
    "granian": ["granian", APP, "--interface", "asgi", "--port", "{port}"],
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


class Server:
    """A server's process; `url` and `address` are where it listens."""

    def __init__(self, name: str, folder: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.address: tuple[str, int] = listener.getsockname()
        self.url, self.log = f"ws://127.0.0.1:{self.address[1]}", folder / "log"
        command = [part.format(port=self.address[1]) for part in SERVERS[name]]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, BIN / command[0], *command[1:]],
                cwd=ROOT,
                env={"PATH": str(BIN), "HOME": str(folder), "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it listens."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                socket.create_connection(self.address, 1).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
                time.sleep(0.05)

    def stop(self) -> float:
        """Ask it to end, and answer with how long that took, in seconds."""
        begun_at = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(WAIT_S)
        return time.monotonic() - begun_at


@contextmanager
def serving(name: str, folder: Path) -> Iterator[Server]:
    server = Server(name, folder)
    try:
        server.wait()
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()


@pytest.fixture(scope="module")
def uvicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving("uvicorn bounded", tmp_path_factory.mktemp("uvicorn")) as server:
        yield server
        assert "in ASGI application" not in server.log.read_text()


async def ending(client: Any) -> tuple[int, str]:
    """Read until the other side closes, and answer with its code and reason."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await asyncio.wait_for(client.recv(), WAIT_S)
    assert closed.value.rcvd is not None, "no close frame came"
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def is_served(server: Server) -> bool:
    async with connect(f"{server.url}/echo") as client:
        await client.send("hi")
        return await asyncio.wait_for(client.recv(), WAIT_S) == "hi"


# ---------------------------------------------------------------- each server


@pytest.mark.parametrize("name", SERVERS)
async def test_a_server_accepts_echoes_and_refuses(name: str, tmp_path: Path) -> None:
    with serving(name, tmp_path) as server:
        assert await is_served(server)
        for path, origin, status in (
            ("/echo", "https://evil.example", 403),
            ("/guarded", None, 401),
            ("/nowhere", None, 404),
        ):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{server.url}{path}", origin=origin)  # type: ignore[arg-type]  # a NewType of str
            assert refused.value.response.status_code == status
        assert await is_served(server)


@pytest.mark.parametrize("path", ["/echo", "/hang", "/pour"])
@pytest.mark.parametrize("name", SERVERS)
async def test_a_signal_closes_what_is_open_and_ends_the_server(name: str, path: str, tmp_path: Path) -> None:
    with serving(name, tmp_path) as server:
        async with connect(f"{server.url}{path}") as client:
            if path != "/echo":
                await client.recv()
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            with suppress(ConnectionClosed, AssertionError):
                code, _ = await ending(client)
                assert code in (1001, 1006, 1012)
            took_s = await stopping

    assert took_s < 8, server.log.read_text()


# ---------------------------------------------------------------- uvicorn, in depth


async def test_a_refusal_is_a_problem(uvicorn: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{uvicorn.url}/echo", additional_headers={"Origin": "https://evil.example"})

    response = refused.value.response
    assert response.headers["content-type"] == "application/problem+json"
    assert msgspec.json.decode(response.body or b"")["detail"] == "a page of another origin may not connect"


async def test_a_token_of_a_browser_is_accepted_and_ends(uvicorn: Server) -> None:
    protocols: Any = ["bearer", str(time.time())]

    async with connect(f"{uvicorn.url}/guarded", subprotocols=protocols) as client:
        assert client.subprotocol == "bearer"
        await client.send("in time")
        assert await client.recv() == "in time"
        assert await ending(client) == (4401, "sign in again")


@pytest.mark.parametrize(
    ("path", "message", "end"),
    [
        ("/echo", b"binary", (1003, "send text, not binary messages")),
        ("/large", "text", (1003, "send binary messages, not text")),
        ("/echo", "x" * 100_000, (1009, "a message is larger than 65536 bytes")),
    ],
)
async def test_a_message_that_is_not_taken_ends_its_socket(
    uvicorn: Server, path: str, message: str | bytes, end: tuple[int, str]
) -> None:
    async with connect(f"{uvicorn.url}{path}") as client:
        await client.send(message)
        assert await ending(client) == end


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_seventeen_megabytes_are_stopped_by_the_server_itself(uvicorn: Server, compression: Any) -> None:
    async with connect(f"{uvicorn.url}/large", compression=compression, max_size=None) as client:
        with suppress(ConnectionClosed):
            await client.send(bytes(17 * 1024 * 1024))
        assert (await ending(client))[0] == 1009
    assert await is_served(uvicorn)


async def test_a_bomb_of_200_megabytes_is_not_unpacked(uvicorn: Server) -> None:
    def peak_kib() -> int:
        status = Path(f"/proc/{uvicorn.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    before_kib = peak_kib()
    async with connect(f"{uvicorn.url}/large", compression="deflate") as client:
        with suppress(ConnectionClosed):
            await client.send(bytes(200 * 1024 * 1024))
        assert (await ending(client))[0] == 1009
    assert peak_kib() - before_kib < 100 * 1024


async def test_a_flood_ends_its_socket_and_nobody_elses(uvicorn: Server) -> None:
    async with connect(f"{uvicorn.url}/echo") as flooding, connect(f"{uvicorn.url}/echo") as other:
        with suppress(ConnectionClosed):
            for _ in range(1_000):
                await flooding.send("x")
        assert await ending(flooding) == (1008, "more than 100 messages in a second")
        await other.send("hi")
        assert await other.recv() == "hi"


async def test_a_socket_too_many_is_refused(uvicorn: Server) -> None:
    many = [await connect(f"{uvicorn.url}/echo") for _ in range(50)]
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{uvicorn.url}/echo")
    await asyncio.gather(*(client.close() for client in many))

    assert refused.value.response.status_code == 503
    while await counted(uvicorn):
        await asyncio.sleep(0.05)
    assert await is_served(uvicorn)


async def counted(server: Server) -> int:
    """How many are open, besides the one that asks; all places are taken where there is none for it."""
    try:
        async with connect(f"{server.url}/count") as client:
            return int(await client.recv())
    except InvalidStatus as refused:
        if refused.response.status_code != 503:
            raise
        return 50


async def test_a_reader_that_is_too_slow_is_dropped_while_another_is_served(uvicorn: Server) -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.connect(uvicorn.address)
        slow.sendall(handshake("/pour"))
        while not await counted(uvicorn):
            await asyncio.sleep(0.05)
        begun_at, waits_s = time.monotonic(), []
        while await counted(uvicorn):
            sent_at = time.monotonic()
            assert await is_served(uvicorn)
            waits_s.append(time.monotonic() - sent_at)
        took_s = time.monotonic() - begun_at

        assert 0.5 < took_s < 5
        assert max(waits_s) < 1
        assert await asyncio.to_thread(is_gone, uvicorn.process.pid, slow.getsockname()[1])


def is_gone(pid: int, port: int) -> bool:
    """Wait until a process has no connection with a client's port any more, though the client never reads."""
    mine = f"{int.from_bytes(socket.inet_aton('127.0.0.1'), 'little'):08X}:{port:04X}"
    for _ in range(WAIT_S * 10):
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        if not any(row[2] == mine and row[9] != "0" for row in rows):  # inode 0: no process holds it
            return True
        time.sleep(0.1)
    return False


# ---------------------------------------------------------------- frames (RFC 6455 section 5)

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
HELLO = b"Hello"


def handshake(path: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13"]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """Write a frame, right or wrong; the mask is four zeros, which leave the payload as it is."""
    first, mask = (0x80 if fin else 0) | rsv << 4 | opcode, 0x80 if masked else 0
    size = struct.pack("!BB", first, mask | len(payload))
    if len(payload) > 125:
        size = struct.pack("!BBH", first, mask | 126, len(payload))
    return size + (bytes(4) if masked else b"") + payload


def talk(server: Server, sent: bytes, answers: int = 0) -> list[tuple[int, bytes]]:
    """Send bytes on a new socket, and read frames to the end of the connection; ours follows so many `answers`."""
    with socket.create_connection(server.address, WAIT_S) as client:
        client.sendall(handshake("/echo"))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += client.recv(65_536)
        head, _, answer = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")
        client.sendall(sent)
        with suppress(ConnectionResetError):
            while more := client.recv(65_536):
                answer += more
                if len(frames(answer)) == answers or any(opcode == CLOSE for opcode, _ in frames(answer)):
                    client.sendall(frame(CLOSE))
    return frames(answer)


def frames(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while len(data) >= 2:
        size, start = data[1], 2
        if size == 126:
            size, start = struct.unpack_from("!H", data, 2)[0], 4
        found.append((data[0] & 15, data[start : start + size]))
        data = data[start + size :]
    return found


def code(number: int) -> bytes:
    return struct.pack("!H", number)


WRONG = {
    "not masked": (frame(TEXT, HELLO, masked=False), 1002),
    "reserved bit 1": (frame(TEXT, HELLO, rsv=4), 1002),
    "reserved bit 2": (frame(TEXT, HELLO, rsv=2), 1002),
    "reserved bit 3": (frame(TEXT, HELLO, rsv=1), 1002),
    **{f"opcode {one}": (frame(one, HELLO), 1002) for one in (3, 7, 11, 15)},
    "a ping in pieces": (frame(PING, HELLO, fin=False), 1002),
    "a ping of 126 bytes": (frame(PING, bytes(126)), 1002),
    "a pong of 126 bytes": (frame(PONG, bytes(126)), 1002),
    "a close of 126 bytes": (frame(CLOSE, code(1000) + bytes(124)), 1002),
    "a continuation of nothing": (frame(0, HELLO), 1002),
    "a message within a message": (frame(TEXT, HELLO, fin=False) + frame(TEXT, HELLO), 1002),
    "half a close code": (frame(CLOSE, b"\x03"), 1002),
    **{f"close code {one}": (frame(CLOSE, code(one)), 1002) for one in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)},
    "a close reason that is no UTF-8": (frame(CLOSE, code(1000) + b"\xff"), 1007),
    **{
        f"text that is no UTF-8: {bad.hex()}": (frame(TEXT, bad), 1007)
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xce")
    },
    "no UTF-8 in pieces": (frame(TEXT, b"\xce", fin=False) + frame(0, b"\xff"), 1007),
    "a length of 2^63": (b"\x81\xff" + b"\xff" * 8 + bytes(4), 1009),
}
RIGHT = {
    "text": (frame(TEXT, HELLO), [(TEXT, HELLO)]),
    "empty text": (frame(TEXT), [(TEXT, b"")]),
    "126 bytes": (frame(TEXT, b"x" * 126), [(TEXT, b"x" * 126)]),
    "in pieces": (frame(TEXT, b"Hel", fin=False) + frame(0, b"lo"), [(TEXT, HELLO)]),
    "a character in pieces": (frame(TEXT, b"\xc3", fin=False) + frame(0, b"\xa9"), [(TEXT, "é".encode())]),
    "a ping": (frame(PING, HELLO), [(PONG, HELLO)]),
    "a ping of 125 bytes": (frame(PING, b"x" * 125), [(PONG, b"x" * 125)]),
    "a pong that nobody asked for": (frame(PONG, HELLO) + frame(TEXT, HELLO), [(TEXT, HELLO)]),
    "a ping within a message": (
        frame(TEXT, b"Hel", fin=False) + frame(PING, b"?") + frame(0, b"lo"),
        [(PONG, b"?"), (TEXT, HELLO)],
    ),
    "a close without a code": (frame(CLOSE), []),
    **{f"close code {one}": (frame(CLOSE, code(one)), []) for one in (1000, 1001, 1003, 1007, 1011, 3000, 4999)},
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_frame_closes_with_its_code(uvicorn: Server, case: str) -> None:
    sent, expected = WRONG[case]

    answer = await asyncio.to_thread(talk, uvicorn, sent)

    assert [opcode for opcode, _ in answer] == [CLOSE]
    assert struct.unpack_from("!H", answer[0][1])[0] == expected
    assert await is_served(uvicorn)


@pytest.mark.parametrize("case", RIGHT)
async def test_a_right_frame_is_answered(uvicorn: Server, case: str) -> None:
    sent, expected = RIGHT[case]

    answer = await asyncio.to_thread(talk, uvicorn, sent, len(expected))

    assert [one for one in answer if one[0] != CLOSE] == expected
    assert answer[-1][0] == CLOSE
