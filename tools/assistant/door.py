"""`/mcp`: who comes from this machine, by a name of this machine, from no page of another site, is let in.

The client's address keeps the network out; Host keeps out names that were pointed at this machine (DNS rebinding), and
Origin the pages of other sites, as the MCP specification asks for; a proxy in front would make all of that a guess.
"""

import json
import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from tools.assistant.answers import Answers
from tools.assistant.protocol import ExtraMissingError, make_sessions

_LOCAL = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?")
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via")


class Door:
    """An ASGI app to mount: it makes `sessions` in its lifespan."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._sessions: Any = None
        self._missing = "the application has not started"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if reason := refusal(scope.get("client"), dict(scope["headers"])):
            await _refuse(send, 403, reason)
        elif self._sessions is None:
            await _refuse(send, 404, self._missing)
        elif scope["method"] != "POST":  # no streams of its own, no sessions: nothing to GET or DELETE
            await _refuse(send, 405, "send POST: each request is answered by itself", (b"allow", b"POST"))
        else:
            await self._sessions.handle_request(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            sessions = make_sessions(self._answers)
        except ExtraMissingError as error:
            self._missing = str(error)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        else:
            async with sessions.run():
                self._sessions = sessions
                await send({"type": "lifespan.startup.complete"})
                await receive()
                self._sessions = None
        await send({"type": "lifespan.shutdown.complete"})


def refusal(client: Any, headers: Mapping[bytes, bytes]) -> str:
    """Say why a request is not let in; nothing for one that is.

    >>> refusal(("127.0.0.1", 1), {b"host": b"localhost:5000"})
    ''
    >>> refusal(("127.0.0.1", 1), {b"host": b"localhost:5000", b"origin": b"https://evil.example"})
    'a page of another site may not call this'
    """
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if not client or not _is_loopback(client[0]):  # none on a Unix socket, behind which somebody passes on
        return "this is for this machine alone"
    if any(name in headers for name in _FORWARDED):
        return "this is not for proxies: call it on this machine"
    if not _LOCAL.fullmatch(host):
        return "the Host header names another machine: use localhost or 127.0.0.1"
    origin = headers.get(b"origin")
    if origin is not None and origin.decode("latin-1").lower().partition("://")[2] != host:
        return "a page of another site may not call this"
    return ""


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


async def _refuse(send: Any, status: int, detail: str, *headers: tuple[bytes, bytes]) -> None:
    body = json.dumps({"status": status, "detail": detail}).encode()
    kind = (b"content-type", b"application/problem+json")
    await send({"type": "http.response.start", "status": status, "headers": [kind, *headers]})
    await send({"type": "http.response.body", "body": body})
