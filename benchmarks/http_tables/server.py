"""One peer under uvicorn with uvloop and httptools, on a port of its own; the port is the first thing it prints."""

import asyncio
import json
import socket
import sys
from typing import Any

import uvicorn
import uvloop

from benchmarks.http_tables.child import replies
from benchmarks.http_tables.peers import PEERS

BACKLOG = 2048


async def serve(app: Any, options: dict[str, Any]) -> None:
    """Serve until a signal comes, or the parent ends."""
    reply = replies()
    settings = {"interface": "asgi3", "http": "httptools", "access_log": False, "log_level": "warning", **options}
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(BACKLOG)
        reply(listener.getsockname()[1])
        server = uvicorn.Server(uvicorn.Config(app, **settings))
        asyncio.get_running_loop().add_reader(0, end, server)
        await server.serve([listener])


def end(server: uvicorn.Server) -> None:
    """Stop when the parent is gone."""
    asyncio.get_running_loop().remove_reader(0)
    server.should_exit = True


async def main(peer: str, options: str) -> None:
    """Make the app in the loop that serves it."""
    await serve(await PEERS[peer].load().make_app(), json.loads(options))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
