"""uvicorn's WebSockets, with an end to what uvicorn waits for without one.

A transport that is closed first sends what it still has: a client that never reads would hold it, and its memory, for
as long as it likes. `uvicorn --ws tools.http.sockets.uvicorn:BoundedSockets` serves by it.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER_S = 5.0
"""How long a client may take to read what was sent before the end."""


class BoundedSockets(WebSocketsSansIOProtocol):
    """One connection."""

    async def run_asgi(self) -> None:
        """Serve, and see to it that the connection is gone soon after."""
        try:
            await super().run_asgi()
        finally:
            self.loop.call_later(LINGER_S, self.transport.abort)
