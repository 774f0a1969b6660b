"""Where a call is rehearsed: in process, in a transaction that is never kept.

fresh context -> rehearsal set -> transaction -> the app: handler, background tasks -> raise: all of it is undone
"""

import asyncio
import json
import time
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from hookspecs import ASGIApp
from tools.assistant.asked import ForCall
from tools.assistant.contract import Issue, Transaction
from tools.assistant.rehearsal import EXTENSION, MARK, Rehearsal, current
from tools.assistant.routes import RefusedError

LONGEST_S, GRACE_S = 10.0, 1.0
LARGEST_BYTES = 262_144


class _TakeBackError(Exception):
    """Leaves the transaction."""


@dataclass
class Answer:
    """What the app answered; status 0 for nothing."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    took_ms: float = 0.0
    ended: str = ""
    """Why it was ended before its time."""


class Stage:
    """Makes calls; `app` is what serves requests."""

    def __init__(self, app: ASGIApp, transaction: Transaction, issue: Issue) -> None:
        self._app, self._transaction, self._issue = app, transaction, issue

    async def play(self, asked: ForCall) -> tuple[Rehearsal, Answer]:
        """Make a call, and take back whatever it did.

        Raises:
            RefusedError: no token can be made for `as_user`, or there is no transaction to be had.
        """
        scope, body = self._scope(asked), _body(asked.body)
        rehearsal, answer = Rehearsal(), Answer()
        # A context of its own: in that of another request http would begin this one in an empty one, outside of the
        # transaction. So would nobody's cancellation be the call's.
        await asyncio.create_task(self._play(scope, body, rehearsal, answer), context=Context())
        return rehearsal, answer

    async def _play(self, scope: dict[str, Any], body: bytes, rehearsal: Rehearsal, answer: Answer) -> None:
        started = time.monotonic()
        try:
            # serializable, as it stands in for one that may be: a snapshot cannot hold it
            async with self._transaction(serializable=True):
                current.set(rehearsal)  # from here on: this transaction is none of the call's own
                await self._call(scope, body, answer)
                raise _TakeBackError
        except _TakeBackError:
            answer.took_ms = (time.monotonic() - started) * 1000
        finally:
            rehearsal.is_over = True

    async def _call(self, scope: dict[str, Any], body: bytes, answer: Answer) -> None:
        """Call the app in a task of its own: one that swallows its cancellation is left behind, and does no more."""
        call = asyncio.ensure_future(self._app(scope, _Request(body), _Response(answer)))
        try:
            _, late = await asyncio.wait({call}, timeout=LONGEST_S)
        finally:
            call.cancel()
        if late:
            answer.ended = f"it did not end within {LONGEST_S:g} s"
            await asyncio.wait(late, timeout=GRACE_S)
        elif not call.cancelled() and (error := call.exception()):  # it broke off half-way, or there was too much
            answer.ended = answer.ended or f"{type(error).__name__}: {error}"

    def _scope(self, asked: ForCall) -> dict[str, Any]:
        headers = {"host": "localhost", "accept": "*/*", **{name.lower(): text for name, text in asked.headers.items()}}
        headers.pop("idempotency-key", None)  # an answer that is kept under it would outlive this
        if asked.body is not None and not isinstance(asked.body, str):
            headers.setdefault("content-type", "application/json")
        if asked.as_user:
            headers["authorization"] = f"Bearer {self._token(asked.as_user)}"
        headers["x-request-id"] = f"{MARK}{uuid4().hex}"
        if asked.body is not None:
            headers["content-length"] = str(len(_body(asked.body)))
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": asked.method.upper(),
            "scheme": "http",
            "path": asked.path,
            "raw_path": quote(asked.path).encode(),
            "query_string": urlencode(asked.query, doseq=True).encode(),
            "root_path": "",
            "extensions": {EXTENSION: {}},
            "headers": [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()],
            "client": ("127.0.0.1", 0),
            "server": ("localhost", 80),
        }

    def _token(self, user: str) -> str:
        try:
            subject, *scopes = user.split()
            return self._issue(subject, scopes=scopes)
        except ValueError as error:
            raise RefusedError(f"no token can be made for as_user {user!r}: {error}") from error


class _TooMuchError(Exception):
    """The answer goes on and on."""


class _Request:
    """`receive`: the body, then nothing until the call is over, as from a client that waits."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body

    async def __call__(self) -> dict[str, Any]:
        body, self._body = self._body, None
        if body is None:
            await asyncio.get_running_loop().create_future()
        return {"type": "http.request", "body": body or b"", "more_body": False}


class _Response:
    """`send`."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._answer.status = message["status"]
            self._answer.headers = [(str(name, "latin-1"), str(text, "latin-1")) for name, text in message["headers"]]
        elif message["type"] == "http.response.body":
            self._answer.body += message.get("body", b"")
            if len(self._answer.body) > LARGEST_BYTES:
                self._answer.ended = f"it answers more than {LARGEST_BYTES:,} bytes"
                raise _TooMuchError


def _body(body: Any) -> bytes:
    """Make the bytes of a body: text is sent as it is, anything else as JSON."""
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
