"""Processes that receive for one group share it: each packet goes to one, those of a key to one at a time."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.brokers.conftest import MakeBroker
from tests.contracts.brokers.hands import Hands, by_key, numbered, packets, receiving, sent, until
from tests.contracts.brokers.servers import Server

TAKEN_OVER_WITHIN_S = 15.0
BATCH = 256


async def test_a_group_is_shared_and_its_order_kept(make_broker: MakeBroker, server: Server, event: str) -> None:
    hands = Hands()
    first, second = make_broker(server.url), make_broker(server.url)
    await first.open({event: ["g"]})
    await second.open({event: ["g"]})
    async with receiving(first, event, "g", hands.take), receiving(second, event, "g", hands.take):
        for start in range(0, 300, 30):
            await first.send(numbered(event, 30, start=start, keys=3))
        await hands.count(300)
    assert by_key(hands.texts) == {str(key): list(range(key, 300, 3)) for key in range(3)}


async def test_another_takes_over_at_once_where_one_ends(make_broker: MakeBroker, server: Server, event: str) -> None:
    hands = Hands()
    first, second = make_broker(server.url), make_broker(server.url)
    await first.open({event: ["g"]})
    await second.open({event: ["g"]})
    async with receiving(second, event, "g", hands.take):
        async with receiving(first, event, "g", hands.take):
            await second.send(packets(event, "a"))
            await hands.count(1)
        await first.close()
        await second.send(packets(event, "b"))
        await hands.count(2, within_s=5)  # sooner than one that was killed is given up: 8 s and more
    assert hands.texts == ["a", "b"]


class Workers:
    """Processes that receive for one group, and write down in one file what they take."""

    def __init__(self, start: Callable[[Path], Any], journal: Path) -> None:
        self.journal = journal
        self._start = start
        self._all: list[asyncio.subprocess.Process] = []

    async def start(self) -> asyncio.subprocess.Process:
        process: asyncio.subprocess.Process = await self._start(self.journal)
        self._all.append(process)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"open\n"
        return process

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        process.kill()
        await process.communicate()
        with self.journal.open("a") as file:
            file.write(json.dumps({"what": "killed", "text": "", "pid": str(process.pid)}) + "\n")

    async def end(self, process: asyncio.subprocess.Process) -> None:
        process.terminate()
        async with asyncio.timeout(10):
            await process.communicate()
        assert process.returncode == 0

    async def kill_all(self) -> None:
        for process in self._all:
            if process.returncode is None:
                await self.kill(process)

    @property
    def lines(self) -> list[dict[str, str]]:
        """What was written down: `what` (began, ended, killed), `text`, `pid`."""
        return [json.loads(line) for line in self.journal.read_text().splitlines()] if self.journal.exists() else []

    @property
    def taken(self) -> list[str]:
        return [line["text"] for line in self.lines if line["what"] == "ended"]

    async def took(self, amount: int) -> float:
        """Wait until as many are handled; give the seconds that it took."""
        return await until(lambda: len(set(self.taken)) >= amount)

    def took_two_at_once(self) -> list[dict[str, str]]:
        """What began in one process while another was at a packet of that key."""
        wrong, busy = [], dict[str, str]()
        lines = self.lines
        for at, line in enumerate(lines):
            key = line["text"].partition(":")[0]
            if line["what"] == "killed":
                busy = {key: pid for key, pid in busy.items() if pid != line["pid"]}
            elif line["what"] == "ended":
                busy.pop(key, None)
            elif (pid := busy.setdefault(key, line["pid"])) != line["pid"]:
                if any(later["pid"] == pid and later["what"] == "ended" for later in lines[at:]):
                    wrong.append(line)
                busy[key] = line["pid"]  # the other one was killed, which is written down later
        return wrong


@pytest.fixture
async def workers(
    request: pytest.FixtureRequest, own_server: Server, event: str, tmp_path: Path
) -> AsyncIterator[Workers]:
    name = request.node.callspec.params["kind"]

    async def start(journal: Path) -> asyncio.subprocess.Process:
        code = [sys.executable, "-m", "tests.contracts.brokers.worker", name, own_server.url, event, "g", str(journal)]
        return await asyncio.create_subprocess_exec(*code, stdout=asyncio.subprocess.PIPE)

    made = Workers(start, tmp_path / "journal")
    yield made
    await made.kill_all()


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.longest
async def test_processes_share_a_group_over_kills(
    own_server: Server, make_broker: MakeBroker, workers: Workers, event: str
) -> None:
    sender = make_broker(own_server.url)
    await sender.open({event: ["g"]})
    amount, kills, longest_s = 0, 4, 0.0
    holder = await workers.start()
    await sent(sender, numbered(event, 1, keys=5))
    await workers.took(1)
    amount = 1
    for _ in range(kills):
        other = await workers.start()
        await sent(sender, numbered(event, 200, start=amount, keys=5))
        amount += 200
        await workers.took(amount - 150)
        await workers.kill(holder)
        longest_s = max(longest_s, await workers.took(amount))
        assert workers.lines[-1]["pid"] == str(other.pid)
        holder = other
    other = await workers.start()
    await sent(sender, numbered(event, 200, start=amount, keys=5))
    amount += 200
    await workers.kill(other)
    await workers.took(amount)
    await workers.end(holder)

    print(f"taken over within {longest_s:.1f} s, {len(workers.taken) - amount} came twice", file=sys.stderr)
    assert by_key(dict.fromkeys(workers.taken)) == {str(key): list(range(key, amount, 5)) for key in range(5)}
    assert workers.took_two_at_once() == []
    assert len(workers.taken) - amount <= (kills + 1) * BATCH
    assert longest_s < TAKEN_OVER_WITHIN_S
