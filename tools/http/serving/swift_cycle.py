"""One request and its answer, without what uvicorn's own way costs where nothing is odd.

A request that came whole wakes nobody: no event is made for it. Head and body of an answer are written at once, if they
come in one turn of the loop; else the head goes first: its client may have to see it before the body can come. What is
not plain (chunks, a closing connection, a client that does not read, an error) goes uvicorn's own way.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

from tools.http.serving.answer_head import AnswerHead


class _Unheard:
    """Stands for an event for which nobody waits."""

    def set(self) -> None:
        """Wake nobody."""

    def clear(self) -> None:
        """Forget nothing."""


class SwiftCycle(RequestResponseCycle):
    """See the module; what is the same at the start of every request is the class's, and costs a request nothing."""

    message_event: Any = _Unheard()
    disconnected = waiting_for_100_continue = response_started = response_complete = False
    chunked_encoding: bool | None = None
    expected_content_length = 0
    more_body = True
    body: Any = b""
    task: asyncio.Task[None] | None = None
    _is_taken = False  # the body, to its end
    _held = b""  # the head of an answer, which waits for its body
    _answer_head = AnswerHead()

    def __init__(self, scope: Any, protocol: Any, *, keep_alive: bool) -> None:
        self.scope, self.transport, self.flow, self.keep_alive = scope, protocol.transport, protocol.flow, keep_alive
        self.logger, self.access_logger, self.access_log = (
            protocol.logger, protocol.access_logger, protocol.access_log,
        )  # fmt: skip
        self.default_headers, self.on_response = protocol.server_state.default_headers, protocol.on_response_complete
        self._tasks, self._heads = protocol.tasks, protocol.watch.heads_held

    async def run_asgi(self, app: Any) -> None:
        """Run the app; where it fails, or ends without an answer, uvicorn says what to do about it."""
        try:
            result = await app(self.scope, self.receive, self.send)
        except BaseException as error:
            self._let_go()
            await super().run_asgi(_Failed(error))
        else:
            if result is not None or not self.response_complete:
                self._let_go()
                await super().run_asgi(_Ended(result))
        finally:
            self.on_response = _nothing  # or protocol and cycle would hold each other
            if self.task is not None:  # a callback of the task would cost the loop another turn
                self._tasks.discard(self.task)

    @classmethod
    def turned(cls, cycle: RequestResponseCycle, protocol: Any) -> None:
        """Make uvicorn's own cycle one of these, before it answers; uvicorn offers no other way."""
        cycle.__class__ = cls
        vars(cycle).update(_tasks=protocol.tasks, _heads=protocol.watch.heads_held)

    def add_body(self, data: bytes) -> int:
        """Take a part of the body; answer with how much waits to be read."""
        if not self.body:
            self.body = data
        else:
            if type(self.body) is bytes:
                self.body = bytearray(self.body)
            self.body += data
        self.message_event.set()
        return len(self.body)

    async def receive(self) -> Any:
        if self.more_body or self._is_taken or self.disconnected or self.response_complete:
            return await self._waited()
        self._is_taken, body, self.body = True, self.body, b""
        self.flow.resume_reading()
        self.message_event.clear()
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    async def _waited(self) -> Any:
        if type(self.message_event) is _Unheard:
            self.message_event = asyncio.Event()
            if self.body or self.disconnected or self.response_complete:
                self.message_event.set()
        message = await super().receive()
        self._is_taken = message["type"] == "http.request" and not message["more_body"]
        return message

    async def send(self, message: Any) -> None:
        if self.disconnected or self.flow.write_paused or self.scope["method"] == "HEAD":
            await self._send_slowly(message)
        elif not self.response_started:
            written = None
            if self.keep_alive and message["type"] == "http.response.start":
                head = message.get("headers", ())
                written = self._answer_head.write(message["status"], self.default_headers, head)
            if written is None:
                await self._send_slowly(message)
                return
            if self.access_log:
                self._tell_of(message["status"])
            self.response_started, self.waiting_for_100_continue, self.chunked_encoding = True, False, False
            self._held, self.expected_content_length = written
            if not self._heads:
                asyncio.get_running_loop().call_soon(_let_go, self._heads)
            self._heads.append(self)
        elif self._is_whole(message):
            self.transport.write(self._held + message["body"])
            self._held, self.response_complete, self.expected_content_length = b"", True, 0
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()
        else:
            await self._send_slowly(message)

    def _tell_of(self, status: int) -> None:
        """As uvicorn does, in the same words."""
        scope = self.scope
        target = get_path_with_query_string(scope)
        what = get_client_addr(scope), scope["method"], target, scope["http_version"], status
        self.access_logger.info('%s - "%s %s HTTP/%s" %d', *what)

    async def _send_slowly(self, message: Any) -> None:
        self._let_go()
        await super().send(message)

    def _let_go(self) -> None:
        if self._held and not self.disconnected:
            self.transport.write(self._held)
        self._held = b""

    def _is_whole(self, message: Any) -> bool:
        return (
            not self.response_complete
            and self.chunked_encoding is False
            and message["type"] == "http.response.body"
            and not message.get("more_body")
            and len(message.get("body", b"")) == self.expected_content_length != 0
        )


def _let_go(cycles: list[SwiftCycle]) -> None:
    """Write the heads whose bodies have not come in the same turn."""
    waiting = [cycle for cycle in cycles if cycle._held]
    cycles.clear()
    for cycle in waiting:
        cycle._let_go()


def _nothing() -> None:
    """Take the place of a callback that has been called."""


class _Failed:
    """An app of which only the failure is left to tell."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        raise self._error


class _Ended:
    """An app that has ended, and what it returned."""

    def __init__(self, result: Any) -> None:
        self._result = result

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return self._result
