"""A process that receives for a group, and writes down what it takes: `worker <kind> <url> <event> <group> <file>`."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence

from tests.contracts.brokers.servers import KINDS
from tools.event_bus.brokers.broker import Packet


async def main(kind: str, url: str, event: str, group: str, file: str) -> None:
    broker = KINDS[kind].broker(url, 5)
    await broker.open({event: [group]})
    journal = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def note(what: str, packet: Packet) -> None:
        line = {"what": what, "text": packet.data.decode(), "pid": str(os.getpid())}
        os.write(journal, json.dumps(line).encode() + b"\n")

    async def take(packets: Sequence[Packet]) -> None:
        for packet in packets:
            note("began", packet)
            await asyncio.sleep(0.001)
            note("ended", packet)

    print("open", flush=True)
    task = asyncio.create_task(broker.receive(event, group, take))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.wait([task])
    await broker.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
