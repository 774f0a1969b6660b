"""One WebSocket from its handshake to its end.

connect -> token, origin, guard, parameters -> accept -> handler and pump, each a task -> close
                                guard again when the token's time is over
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Mapping
from typing import Any

from hookspecs import Refusal
from tools.http.context import RequestContext
from tools.http.contract import Disconnected, Guard
from tools.http.flow import is_end
from tools.http.problem import Problem, of_refusal
from tools.http.sockets.codes import FAILED, NORMAL, Closing, closing_of
from tools.http.sockets.connection import Connection
from tools.http.sockets.handshake import take_token
from tools.http.sockets.route import SocketRoute
from tools.http.steps import DeadlineError, within

log = logging.getLogger(__name__)
RECHECK_S = 5.0
"""How often the guard is asked about a token whose time is over and which it still takes: clocks differ."""
DAY_S = 86_400.0
CANCEL_S = 1.0


class Session:
    """What is going on at one socket."""

    def __init__(self, route: SocketRoute, context: RequestContext, send: Any) -> None:
        self._route, self._context, self._send = route, context, send
        self._variables = context.outside.copy()  # the guard's and the handler's: nobody else sees what they set
        self._connection: Connection | None = None
        self._closing: Closing | None = None  # by the server
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Hold the socket to its end.

        Raises:
            Problem: the handshake is refused; nothing has been sent.
        """
        context, route = self._context, self._route
        subprotocol = take_token(context)
        route.origins.check(context.scope)
        await self._authorize()
        arguments = route.bind(context)
        if self._closing is not None:
            raise Problem(503, self._closing.reason)
        connection = Connection(route, context, self._send)
        headers = [*context.response_headers, (b"x-request-id", context.request_id.encode())]
        try:
            await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers})
        except OSError:
            return  # it did not wait for the answer
        self._connection = connection
        if self._closing is not None:
            await connection.end(self._closing)
            return
        await self._hold(connection, route.handle(connection, arguments))

    async def stop(self, closing: Closing) -> None:
        """Close the socket, and wait until its handler has ended."""
        self._closing = closing
        if self._connection is not None:
            await self._connection.end(closing)
        await asyncio.wait([self.ended])

    # ------------------------------------------------------------ the guard

    async def _authorize(self) -> None:
        guard, patience_s = self._route.guard, self._route.limits.guard_timeout_s
        if guard is None:
            return
        try:
            self._context.claims = await within(patience_s, _claims(guard, self._context), self._variables)
        except Problem:
            raise
        except Refusal as refusal:
            self._warn(refusal)
            raise of_refusal(refusal) from refusal
        except DeadlineError as error:
            log.error("%s: the guard of %s took longer than %g s", self._route, self._route.owner.name, patience_s)
            raise Problem(504, "the answer took too long") from error
        except BaseException as error:
            if is_end(error):
                raise
            log.error("%s: the guard of %s failed", self._route, self._route.owner.name, exc_info=error)
            raise Problem(500) from error

    async def _authorize_again(self, connection: Connection) -> None:
        try:
            await self._authorize()
        except Problem as refused:
            await connection.end(closing_of(refused))

    # ------------------------------------------------------------ the handler

    async def _hold(self, connection: Connection, handling: Awaitable[None]) -> None:
        handler = asyncio.create_task(_outcome(handling), name=str(self._route), context=self._variables)
        pump = asyncio.create_task(connection.pump(), name=f"{self._route} pump")
        try:
            await self._watch(connection, handler)
            await asyncio.wait([handler], timeout=self._route.limits.grace_s)
            if not handler.done():
                log.warning("%s: %s went on after its client, and was cancelled", self._route, self._route.owner.name)
                await self._cancel(handler)
            await connection.end(self._verdict(connection, handler))
        finally:
            await self._cancel(handler, pump)

    async def _watch(self, connection: Connection, handler: asyncio.Task[Any]) -> None:
        """Wait until one of both ends is gone."""
        watched: tuple[asyncio.Future[Any], ...] = (handler, connection.over)
        least_s = 0.0
        while True:
            patience_s = None if self._route.guard is None else _time_left_s(self._context.claims, least_s)
            done, _ = await asyncio.wait(watched, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return
            await self._authorize_again(connection)
            least_s = RECHECK_S

    def _verdict(self, connection: Connection, handler: asyncio.Task[BaseException | None]) -> Closing:
        error = handler.result() if handler.done() and not handler.cancelled() else None
        if error is None or (connection.over.done() and _is_disconnection(error)):
            return Closing(NORMAL, "")
        if isinstance(error, Refusal | Problem):
            self._warn(error)
            return closing_of(error)
        log.error("%s: %s failed", self._route, self._route.owner.name, exc_info=error)
        return Closing(FAILED, "")

    def _warn(self, refusal: Refusal) -> None:
        if refusal.status >= 500:
            self._route.outages.warn(refusal, refusal.status)

    async def _cancel(self, *tasks: asyncio.Task[Any]) -> None:
        for task in tasks:
            task.cancel()
        _, pending = await asyncio.wait(tasks, timeout=CANCEL_S)
        if pending:
            log.error("%s: %s ignores that it was cancelled", self._route, self._route.owner.name)


async def _claims(guard: Guard, context: RequestContext) -> Any:
    return await guard(context)


async def _outcome(handling: Awaitable[None]) -> BaseException | None:
    """Wait for a handler; what it raises is a value: a task would let a SystemExit end the server."""
    try:
        await handling
    except BaseException as error:
        if is_end(error):
            raise
        return error
    return None


def _is_disconnection(error: BaseException) -> bool:
    """Whether it is one, or a task group's."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(Disconnected)[1] is None
    return isinstance(error, Disconnected)


def _time_left_s(claims: Any, least_s: float) -> float | None:
    """How long until the guard has to be asked again, `least_s` if their time is over; None for claims without an end.

    They end at their `expires_at_utc`, or at the key `exp` of a mapping (RFC 7519 section 4.1.4): Unix time in seconds.
    """
    ends = claims.get("exp") if isinstance(claims, Mapping) else getattr(claims, "expires_at_utc", None)
    if not isinstance(ends, int | float) or not math.isfinite(ends):
        return None
    left_s = ends - time.time() + 0.001  # a timer may fire a little early
    return min(left_s, DAY_S) if left_s > 0 else least_s
