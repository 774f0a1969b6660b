"""One timer for all connections of a process, which costs a request nothing: it looks at them once a tick."""

import asyncio
import logging
import os
from contextvars import Context
from typing import Any

import msgspec
from uvicorn.config import Config
from uvicorn.server import ServerState

from tools.http.serving.door import Door
from tools.http.serving.heads import HeadLimits
from tools.http.serving.second_signal import end_at_second_sigterm
from tools.http.serving.settings import ServingSettings
from tools.http.serving.states import State

LINGER_S = 2.0  # so long may a client take to read the last answer before it is cut
TICK_S = 1.0
_READING = (State.HEAD, State.BODY)
log = logging.getLogger(__name__)


class Wait:
    """For how long a connection has been in one state, and what it has received since."""

    __slots__ = ("key", "received", "waited_s")

    def __init__(self, key: Any, received: int) -> None:
        self.key, self.received, self.waited_s = key, received, 0.0


class Watch:
    """Ends the connections of one server whose client is too slow; a state is left at most two ticks late.

    Time is counted in ticks, each at most two ticks long: a process that stood still does not blame its clients.
    """

    def __init__(self, config: Config, state: ServerState, settings: ServingSettings) -> None:
        self.settings, self.door = settings, Door(settings)
        self.heads = HeadLimits(settings.http_max_headers_bytes, settings.http_max_url_bytes)
        self._connections: set[Any] = state.connections
        self.heads_held: list[Any] = []  # of answers, for one turn of the loop: see SwiftCycle
        self._limits_s = {
            State.SILENT: settings.http_head_timeout_s,
            State.HEAD: settings.http_head_timeout_s,
            State.BODY: settings.http_body_timeout_s,
            State.IDLE: config.timeout_keep_alive,
            State.ENDED: LINGER_S,
        }
        shortest_s = min(settings.http_write_stall_s, *self._limits_s.values())
        self._tick_s = min(TICK_S, max(shortest_s / 5, 0.02))
        self._waits: dict[Any, Wait] = {}
        self._stalls: dict[Any, Wait] = {}
        self._is_running, self._ticked_s = False, 0.0

    @classmethod
    def of(cls, config: Config, state: ServerState) -> "Watch":
        """Answer with the one that belongs to a server; it is made with its first connection.

        Raises:
            msgspec.ValidationError: a setting has a wrong value.
        """
        own: dict[str, Any] = vars(state)
        if "watch" not in own:
            end_at_second_sigterm()
            own["watch"] = cls(config, state, msgspec.convert(os.environ, ServingSettings, strict=False))
        watch: Watch = own["watch"]
        return watch

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look from now on, until there is no connection."""
        if not self._is_running:
            self._is_running, self._ticked_s = True, loop.time()
            self._arm(loop)

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_later(self._tick_s, self._tick, loop, context=Context())

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now_s = loop.time()
        elapsed_s, self._ticked_s = min(now_s - self._ticked_s, 2 * self._tick_s), now_s
        connections = tuple(self._connections)
        waits, self._waits = self._waits, {}
        stalls, self._stalls = self._stalls, {}
        for connection in connections:
            if getattr(connection, "watch", None) is self:  # a WebSocket has its own protocol, with pings
                self._waits[connection] = self._wait(connection, waits.get(connection), elapsed_s)
            if buffered := connection.transport.get_write_buffer_size():
                self._stalls[connection] = self._stall(connection, stalls.get(connection), buffered, elapsed_s)
        self._report(connections)
        self._is_running = bool(self._connections)
        if self._is_running:
            self._arm(loop)

    def _wait(self, connection: Any, wait: Wait | None, elapsed_s: float) -> Wait:
        state: State = connection.state()
        key = state, connection.begun
        if wait is None or wait.key != key:
            return Wait(key, connection.received)
        limit_s = self._limits_s.get(state)
        if limit_s is None or (state in _READING and connection.is_paused()):
            return wait
        wait.waited_s += elapsed_s
        if state is State.BODY and not connection.is_answered():
            limit_s += (connection.received - wait.received) / self.settings.http_min_body_bytes_per_s
        if wait.waited_s >= limit_s:
            connection.expire(state)
        return wait

    def _stall(self, connection: Any, stall: Wait | None, buffered: int, elapsed_s: float) -> Wait:
        key = getattr(connection, "resumed", 0)
        if stall is None or stall.key != key or buffered < stall.received:
            return Wait(key, buffered)
        stall.received = buffered
        stall.waited_s += elapsed_s
        if stall.waited_s >= self.settings.http_write_stall_s:
            log.warning(
                "%s: a client takes nothing of its answer, %d bytes are left: closed", _asked(connection), buffered
            )
            connection.transport.abort()
        return stall

    def _report(self, connections: tuple[Any, ...]) -> None:
        self.door.recount(connection.client[0] if connection.client else "" for connection in connections)
        if self.door.refused:
            log.warning("%d connections over the limits were closed: %d are open", self.door.refused, len(connections))
            self.door.refused = 0


def _asked(connection: Any) -> str:
    """Name what is being answered, with the path as it came: nothing in that ends a line of the log."""
    running = connection.running() if hasattr(connection, "running") else connection  # a WebSocket is its own
    scope = getattr(running, "scope", None) or {}
    return f"{scope.get('method', 'WS')} {scope.get('raw_path', b'').decode('latin-1')}"
