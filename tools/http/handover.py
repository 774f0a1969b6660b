"""Hands a request over to an app that writes its own answer: a Starlette Response, or what is mounted."""

import logging
from collections.abc import Sequence
from typing import Any

from starlette.requests import ClientDisconnect

from hookspecs import ASGIApp
from tools.http.context import RequestContext
from tools.http.problem import Problem
from tools.http.steps import is_end, stepped_in

log = logging.getLogger(__name__)


class Handover:
    """The `send` of such an app; it knows how far the answer is, so that a failure is answered if it still can be."""

    def __init__(self, context: RequestContext, send: Any, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self._context, self._headers = context, headers
        self._send = stepped_in(context.outside, send)
        self._is_started = self._is_complete = False

    async def run(self, app: ASGIApp) -> None:
        """Let the app answer.

        Raises:
            Problem: 500, it failed before it began.
            Exception: it failed half-way: only the server can tell the client, by closing the connection.
        """
        context = self._context
        try:
            await app(context.scope, stepped_in(context.outside, context.receive), self)
        except ClientDisconnect:
            return  # it left: there is nobody to answer, and nothing went wrong here
        except BaseException as error:
            if is_end(error) or isinstance(error, Problem) or context.scope["type"] == "websocket":
                raise
            if self._is_started and not self._is_complete:
                raise RuntimeError("the answer broke off half-way") from error
            log.error("%s %s failed", context.scope["method"], context.scope["path"], exc_info=error)
            if not self._is_started:
                raise Problem(500) from error

    async def __call__(self, message: Any) -> None:
        """Send one message; ours are added only where the app has set no header of that name."""
        if message["type"] == "http.response.start":
            self._is_started = True
            given = {name for name, _ in message.get("headers", ())}
            added = [pair for pair in self._headers if pair[0] not in given]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        elif message["type"] == "http.response.body":
            self._is_complete = not message.get("more_body", False)
            if self._context.scope["method"] == "HEAD":
                message = {**message, "body": b""}
        await self._send(message)
