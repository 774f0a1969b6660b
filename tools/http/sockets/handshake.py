"""The two things about a handshake that HTTP does otherwise: where the token is, and how to say no."""

from collections.abc import Sequence
from typing import Any

from tools.http.context import RequestContext
from tools.http.problem import MEDIA_TYPE, Problem
from tools.http.sockets.codes import POLICY, cut_reason

BEARER = "bearer"
WITH_RESPONSE = "websocket.http.response"  # ASGI's extension


def take_token(context: RequestContext) -> str | None:
    """Show a guard the token of a browser as the Authorization header that it reads; answer with the subprotocol.

    A page cannot set headers on a WebSocket, and a URL ends in logs: it writes `new WebSocket(url, ["bearer", token])`,
    and is answered with the subprotocol `bearer`, without which browsers would not go on. A header goes before.
    """
    offered: Sequence[str] = context.scope.get("subprotocols") or ()
    if len(offered) < 2 or offered[0] != BEARER:
        return None
    if b"authorization" not in context.named:
        value = f"Bearer {offered[1]}".encode("latin-1", "replace")
        context.scope["headers"] = [*context.scope["headers"], (b"authorization", value)]
        context.named = {**context.named, b"authorization": value}
    return BEARER


async def refuse(
    context: RequestContext, send: Any, problem: Problem, headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    """Answer a handshake with a problem; a server that has no such answer makes a 403 of its own."""
    try:
        if WITH_RESPONSE not in (context.scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": POLICY, "reason": cut_reason(problem.detail)})
            return
        body = problem.encode(context.request_id)
        own = [(b"content-type", MEDIA_TYPE), (b"cache-control", b"no-store"), (b"content-length", b"%d" % len(body))]
        own += [(b"x-request-id", context.request_id.encode()), *problem.headers]
        named = {name for name, _ in own}
        own += [pair for pair in headers if pair[0] not in named]
        await send({"type": f"{WITH_RESPONSE}.start", "status": problem.status, "headers": own})
        await send({"type": f"{WITH_RESPONSE}.body", "body": body})
    except OSError:  # it did not wait for the answer
        return
