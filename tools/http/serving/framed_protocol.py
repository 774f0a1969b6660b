"""The borders of messages: what is read as a request, what is refused, and in which order answers leave.

bytes -> llhttp -> head checked -> app     a fault: what came before is answered, then the fault; then it is over
"""

import asyncio
import logging
import random
from contextvars import Context
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from tools.http.head import MAX_HEADERS
from tools.http.problem import Problem
from tools.http.serving.gentle_transport import GentleTransport
from tools.http.serving.heads import LOWER, Head, Names, lower, names_of
from tools.http.serving.last_word import last_word
from tools.http.serving.states import State
from tools.http.serving.swift_cycle import SwiftCycle
from tools.http.serving.watch import Watch

log = logging.getLogger(__name__)
HEAD, BODY, IDLE, ENDED = State.HEAD, State.BODY, State.IDLE, State.ENDED  # an Enum's attribute costs ten times a name
SLASH = ord("/")
PLAIN, CONTINUE = Names.PLAIN, b"100-continue"
METHODS = {name.encode(): name for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")}
OVERHEAD = 8  # bytes of framing that a byte of a chunked body may cost: a chunk of one byte costs five
EARLY = Problem(400, "wait for the answer to a request for another protocol before you send more")


class FramedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with our limits on what is sent; `begun` and `received` count requests and bytes."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.watch = Watch.of(config, server_state)
        self._limits, self._small_bytes = self.watch.heads, self.watch.heads.small_bytes
        self._phase = IDLE
        self._running: RequestResponseCycle | None = None  # what the app had when the pipeline began
        self._is_websocket = False
        self._has_no_wish = not config.root_path and config.limit_concurrency is None  # what only uvicorn knows
        self.begun = self.received = self._chunk_bytes = self._begun_at = self._body_bytes = 0

    # ------------------------------------------------------------ reading

    def data_received(self, data: bytes) -> None:
        if self._phase is ENDED:
            return
        self._chunk_bytes = len(data)
        self.received += self._chunk_bytes
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._change_protocol(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            cause = error.__context__
            self.refuse(cause if isinstance(cause, Problem) else Problem(400, "this is not HTTP/1.1"))
        else:
            if self._phase is not IDLE:
                self._go_on()

    def _go_on(self) -> None:
        """End what only grows: a head, what stands between the chunks of a body, or after them."""
        if self._phase is BODY and not self._is_websocket:
            self.cycle.transport = GentleTransport(self.transport, self._close)  # type: ignore[assignment]  # all it uses
        framing_bytes = self.received - self._begun_at - OVERHEAD * self._body_bytes
        if framing_bytes > self._limits.headers_bytes or len(self.headers) > MAX_HEADERS:
            self.refuse(self._limits.too_large())

    def _change_protocol(self, rest: bytes) -> None:
        """Hand over to the WebSocket protocol; any other is not known, and RFC 9110 section 7.8 lets us ignore it."""
        if rest or (self._is_websocket and self._unanswered() is not None):
            self.refuse(EARLY)
        elif self._is_websocket:
            self._phase = ENDED
            self.handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_url(self, url: bytes) -> None:
        self.url += url
        if self._phase is not HEAD:
            self._phase = HEAD
            self.begun += 1
            self._begun_at, self._body_bytes, self._is_websocket = self.received, 0, False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((LOWER.get(name) or lower(name), value))

    def on_headers_complete(self) -> None:
        names, _ = zip(*self.headers) if self.headers else ((), ())  # noqa: B905 (pairs)
        says, method = names_of(names), METHODS.get(self.parser.get_method())
        is_plain = (  # in this order it is quick, and every request comes this way
            says
            and method is not None
            and self._begun_at == self.received
            and self._chunk_bytes <= self._small_bytes
            and self.url[0] == SLASH
            and b"#" not in self.url
            and self._has_no_wish
        )
        keep_alive = self.parser.should_keep_alive()
        if is_plain and ((says is PLAIN and keep_alive) or self.parser.get_http_version() == "1.1"):
            self._begin(SwiftCycle(self._scope(method), self, keep_alive=keep_alive), self.app)
        else:
            self._begin_slowly()

    def _scope(self, method: str | None) -> Any:
        raw_path, _, query = self.url.partition(b"?")
        path = raw_path.decode("ascii")
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": method,
            "root_path": "",
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
            "state": self.app_state.copy(),
        }

    def _begin(self, cycle: RequestResponseCycle, app: Any) -> None:
        previous, self.cycle, self._phase = self.cycle, cycle, BODY
        if previous is None or previous.response_complete:
            self._start_asgi_task(cycle, app)
            return
        self.flow.pause_reading()
        self.pipeline.appendleft((cycle, app))
        if len(self.pipeline) == 1:
            self._running = previous

    def _begin_slowly(self) -> None:
        """Look at all of the head, and let uvicorn make of it what it makes of any."""
        parser, url, headers = self.parser, self.url, self.headers
        HttpToolsProtocol.on_message_begin(self)
        self.url, self.headers, self.scope["headers"] = url, headers, headers
        self.expect_100_continue = any(name == b"expect" and value.lower() == CONTINUE for name, value in headers)
        self._is_websocket = parser.should_upgrade() and super()._should_upgrade()
        version = parser.get_http_version()
        self._limits.check(Head(parser.get_method(), url, version, headers, self._is_websocket))
        previous = self.cycle
        HttpToolsProtocol.on_headers_complete(self)
        if self.cycle is not previous:
            SwiftCycle.turned(self.cycle, self)
        self._phase, self.headers = BODY, []  # trailers come into these, not into the app's scope
        if self.pipeline and len(self.pipeline) == 1:
            self._running = previous

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if type(cycle) is not SwiftCycle:
            SwiftCycle.turned(cycle, self)
        context = Context() if self.config.reset_contextvars else None
        task = self.loop.create_task(cycle.run_asgi(app), context=context)
        if not task.done():  # as one of asyncio's eager tasks may be
            self.tasks.add(task)
            cycle.task = task

    def _should_upgrade(self) -> bool:
        return self._is_websocket

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        cycle: Any = self.cycle
        if not self._is_websocket and not cycle.response_complete and cycle.add_body(body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        self._phase, cycle = IDLE, self.cycle
        if not self._is_websocket and not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    # ------------------------------------------------------------ answering

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer for each answer: the watch knows how long a connection has been idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._running, app = self.pipeline.pop()
            self._start_asgi_task(self._running, app)

    def refuse(self, problem: Problem) -> None:
        """Read no more; answer what has arrived whole, or else say what is wrong with the rest; close."""
        if self._phase is ENDED or self.transport.is_closing():
            return
        earlier = self._unanswered()
        is_body, self._phase = self._phase is BODY, ENDED
        if earlier is not None:
            self.cycle = earlier
            earlier.keep_alive = False
        elif not is_body:
            self._say(problem)
        elif self.cycle.response_complete:
            self._hang_up()
        elif self.cycle.response_started:
            self.transport.abort()
        else:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._say(problem)

    def _unanswered(self) -> RequestResponseCycle | None:
        """Answer with the newest request that has arrived whole and has no whole answer yet."""
        newest: RequestResponseCycle | None = self.cycle
        if self._phase is BODY:
            if not self.pipeline:
                return None
            self.pipeline.popleft()
            newest = self.pipeline[0][0] if self.pipeline else self._running
        return None if newest is None or newest.response_complete else newest

    def _say(self, problem: Problem) -> None:
        address = "{}:{}".format(*self.client) if self.client else "a local client"
        request = f"{random.getrandbits(128):032x}"
        log.info("%s: %d, %s (request %s)", address, problem.status, problem.detail, request)
        self.transport.write(last_word(problem, request, self.server_state.default_headers))
        self._hang_up()

    def _close(self) -> None:
        """Close after the last answer; its client may not have sent the whole request yet."""
        if self._phase is BODY and not self.pipeline:
            self._phase, self.cycle.disconnected = ENDED, True
            self._hang_up()
        else:
            self.transport.close()

    def _hang_up(self) -> None:
        """Say no more, but hear the client out for a while: bytes that nobody takes reset the answer on its way."""
        (self.transport.write_eof if self.transport.can_write_eof() else self.transport.close)()
