"""One accepted WebSocket: what its handler holds, and what its session does to it."""

import asyncio
import logging
from typing import Any

from tools.http.context import RequestContext
from tools.http.contract import Disconnected
from tools.http.sockets.codes import FAILED, NORMAL, Closing, check_code, cut_reason
from tools.http.sockets.inbox import Inbox
from tools.http.sockets.route import SocketRoute
from tools.http.steps import DeadlineError, within

log = logging.getLogger(__name__)
GOODBYE_S = 1.0
"""How long a close frame may wait for a client that does not read."""
SENT_AT_A_STRETCH = 32
"""After so many messages others have their turn: while a client reads fast enough, no server makes a sender wait."""


class Connection:
    """See `contract.Socket`."""

    def __init__(self, route: SocketRoute, context: RequestContext, send: Any) -> None:
        self._route, self._context, self._send = route, context, send
        self._inbox = Inbox(route.limits.max_message_bytes, route.limits.max_messages_per_s)
        self._turn = asyncio.Lock()  # of those who send
        self._is_closing = False
        self._sent = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once nothing more can come or go."""

    @property
    def claims(self) -> Any:
        return self._context.claims

    async def receive(self) -> Any:
        data = await self._inbox.take()
        try:
            return self._route.decode(data)
        except Closing as wrong:
            await self.end(wrong)
            raise Disconnected(f"the client was sent away: {wrong.reason}") from wrong

    def __aiter__(self) -> "Connection":
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.receive()
        except Disconnected:
            raise StopAsyncIteration from None

    async def send(self, message: Any) -> None:
        frame, patience_s = self._route.encode(message), self._route.limits.send_timeout_s
        try:
            await within(patience_s, self._send_in_turn(frame), self._context.outside)
        except DeadlineError:
            log.info("%s: a client that did not read for %g s was dropped", self._route, patience_s)
            self._be_over()
            raise Disconnected(f"the client did not read for {patience_s:g} s") from None
        self._sent += 1
        if self._sent % SENT_AT_A_STRETCH == 0:
            await asyncio.sleep(0)

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        check_code(code)
        await self.end(Closing(code, reason))

    # ------------------------------------------------------------ for the session

    async def pump(self) -> None:
        """Take in what arrives, until the client leaves or breaks a rule: a handler need not receive to be told."""
        try:
            while not self._is_closing:
                message = await self._context.receive()
                if message["type"] == "websocket.disconnect":
                    self._be_over()
                    return
                await self._inbox.put(message)
        except Closing as wrong:
            await self.end(wrong)
        except Exception as error:
            log.error("%s: the server failed to receive", self._route, exc_info=error)
            await self.end(Closing(FAILED, ""))

    async def end(self, closing: Closing) -> None:
        """Say goodbye, if nobody has yet, and wait until it is said."""
        if self._is_closing:
            await asyncio.wait([self.over])
            return
        self._is_closing = True
        self._inbox.end(forget=True)
        frame = {"type": "websocket.close", "code": closing.code, "reason": cut_reason(closing.reason)}
        try:
            await within(GOODBYE_S, self._send_in_turn(frame), self._context.outside)
        except (DeadlineError, Disconnected):  # it is not there to hear it
            return
        finally:
            self._be_over()

    def _be_over(self) -> None:
        self._is_closing = True
        self._inbox.end()
        if not self.over.done():
            self.over.set_result(None)

    async def _send_in_turn(self, frame: dict[str, Any]) -> None:
        async with self._turn:
            if self.over.done() or (self._is_closing and frame["type"] == "websocket.send"):
                raise Disconnected("the socket is closed")
            try:
                await self._send(frame)
            except (OSError, RuntimeError) as error:  # ASGI 2.4: it is gone; uvicorn: it was closed by uvicorn itself
                self._be_over()
                raise Disconnected("the client is gone") from error
