"""Hands a request over to an app that writes its own answer: a Starlette Response, or what is mounted."""

import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.requests import ClientDisconnect

from hookspecs import ASGIApp
from tools.http.context import RequestContext
from tools.http.flow import is_end
from tools.http.problem import Problem

log = logging.getLogger(__name__)
# RFC 9110 sections 5.1 and 5.5: what else is in a header ends the line, or the whole answer, at some server
_NAME, _VALUE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"), re.compile(rb"[\t -~\x80-\xff]*")


class Handover:
    """The `send` of such an app; it knows how far the answer is, so that a failure is answered if it still can be."""

    def __init__(self, context: RequestContext, send: Any, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self._context, self._headers = context, headers
        self._send = send
        self._is_started = self._is_complete = False
        self._refusal: Problem | None = None

    def refuse_instead(self, problem: Problem) -> None:
        """Answer with this, whatever the app makes of the error that it gets: many answer 400 or 500 themselves."""
        if not self._is_started:
            self._refusal = problem

    async def run(self, app: ASGIApp) -> None:
        """Let the app answer.

        Raises:
            Problem: 500, it failed before it began; or what `refuse_instead` was told.
            Exception: it failed half-way: only the server can tell the client, by closing the connection.
        """
        try:
            await app(self._context.scope, self._context.receive, self)
        except ClientDisconnect:
            pass  # it left: there is nobody to answer, and nothing went wrong here
        except BaseException as error:
            if is_end(error):
                raise
            if self._refusal is None:
                self._fail(error)
        if self._refusal is not None:
            raise self._refusal

    def _fail(self, error: BaseException) -> None:
        scope = self._context.scope
        if (isinstance(error, Problem) and not self._is_started) or scope["type"] == "websocket":
            raise error
        if self._is_started and not self._is_complete:
            raise RuntimeError("the answer broke off half-way") from error
        log.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
        if not self._is_started:
            raise Problem(500) from error

    async def __call__(self, message: Any) -> None:
        """Send one message; ours are added only where the app has set no header of that name."""
        if self._refusal is not None:
            return
        is_last = message["type"] == "http.response.pathsend"
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))  # which may come only once
            _check_headers(headers)
            self._is_started = True
            given = {name for name, _ in headers} - {b"set-cookie"}  # there can be several
            added = [pair for pair in self._headers if pair[0] not in given]
            message = {**message, "headers": [*headers, *added]}
        elif message["type"] == "http.response.body":
            is_last = not message.get("more_body", False)
            if self._context.scope["method"] == "HEAD":
                message = {**message, "body": b""}
        try:
            await self._send(message)
        except OSError:  # ASGI's word for a client that left
            raise ClientDisconnect from None
        self._is_complete = is_last


def _check_headers(headers: Iterable[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise ValueError(f"the header {name!r} cannot be sent as {value!r}: percent-encode what comes from outside")
