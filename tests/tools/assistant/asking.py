"""An assistant of the system under test: it speaks the protocol with an application in this process."""

import json
from itertools import count
from typing import Any, NamedTuple

import httpx

HEADERS = {
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
    "mcp-protocol-version": "2025-06-18",
}
_ids = count(1)


class Told(NamedTuple):
    """What a tool answered."""

    text: str
    is_error: bool


async def ask(client: httpx.AsyncClient, tool: str, **arguments: Any) -> Told:
    """Call a tool at `/mcp`."""
    question = {"jsonrpc": "2.0", "id": next(_ids), "method": "tools/call",
                "params": {"name": tool, "arguments": arguments}}  # fmt: skip
    answer = await client.post("/mcp", content=json.dumps(question), headers=HEADERS)
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    return Told(result["content"][0]["text"], result["isError"])


async def rehearse(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> str:
    """Call `try_call`, which is not refused."""
    told = await ask(client, "try_call", method=method, path=path, **{"budget": 4_000, **more})
    assert not told.is_error, told.text
    return told.text
