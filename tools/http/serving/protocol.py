"""uvicorn's protocol over httptools, with the limits that it lacks.

    Door  -> one too many -> closed
    Watch -> every tick -> too slow -> 408     an answer that the client does not take: cut

`uvicorn --http tools.http.serving.protocol:GuardedProtocol` serves by it.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tools.http.problem import Problem
from tools.http.serving.framed_protocol import FramedProtocol
from tools.http.serving.states import State


class GuardedProtocol(FramedProtocol):
    """One connection; its Watch asks for its state, and ends what takes too long."""

    _is_admitted = False
    resumed = 0  # times that the client took enough of an answer for more to be written

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        others = len(self.connections)
        super().connection_made(transport)
        self._is_admitted = self.watch.door.admits(others, self.client[0] if self.client else "")
        if not self._is_admitted:
            self._phase = State.ENDED
            self.transport.close()
        self.watch.start(self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_admitted:
            self.watch.door.leave(self.client[0] if self.client else "")
        if self._running is not None and not self._running.response_complete:  # uvicorn tells the newest only
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        self.resumed += 1
        super().resume_writing()

    # ------------------------------------------------------------ what the watch asks

    def state(self) -> State:
        """Say what the connection is waiting for."""
        if self._phase is State.HEAD or self._phase is State.BODY:
            return self._phase
        cycle: RequestResponseCycle | None = self.cycle
        is_answered = cycle is None or cycle.response_complete or cycle.disconnected
        if not is_answered or self.transport.get_write_buffer_size():
            return State.BUSY
        if self._phase is State.IDLE and not self.begun:
            return State.SILENT
        return self._phase

    def running(self) -> RequestResponseCycle | None:
        """Answer with what is being answered, or was last."""
        return self._running if self.pipeline else self.cycle

    def is_paused(self) -> bool:
        """Whether it is the app that does not read."""
        return self.flow.read_paused or (self._phase is State.BODY and self.cycle.waiting_for_100_continue)

    def is_answered(self) -> bool:
        """Whether nobody needs the rest of the body."""
        return self.cycle.response_complete

    def expire(self, state: State) -> None:
        """End it, because it has been in this state for too long."""
        if state is State.IDLE:
            self.transport.close()
        elif state is State.ENDED:
            self.transport.abort()
        elif state is State.BODY:
            self.refuse(Problem(408, "the body did not arrive in time"))
        else:
            self.refuse(Problem(408, "the head did not arrive in time"))
