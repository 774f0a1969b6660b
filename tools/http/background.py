"""What runs beside the requests of one http tool, from the last step of the boot to the first of the shutdown."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from tools.http.mounts.lifespans import Lifespans
from tools.http.serving.watchdog import LoopWatchdog
from tools.http.sockets.sockets import Sockets
from tools.http.streams.stop_signal import StopSignal
from tools.http.streams.streams import Streams


class Background:
    """Mounted apps' lifespans, open streams and sockets, and the look at the event loop."""

    def __init__(self, sockets: Sockets, blocked_loop_s: float, folders: Iterable[Path]) -> None:
        self.lifespans, self.streams = Lifespans(), Streams()
        self._sockets, self._watchdog = sockets, LoopWatchdog(blocked_loop_s, [*folders])
        self._stop_signal = StopSignal(self.streams.end_events)

    async def start(self) -> None:
        """Start.

        Raises:
            LifespanError: a mounted app cannot start.
        """
        await self.lifespans.start()
        self._stop_signal.install()
        self._watchdog.start(asyncio.get_running_loop())

    async def stop(self) -> None:
        """Stop in reverse."""
        self._watchdog.stop()
        self._stop_signal.remove()
        await asyncio.gather(self.streams.close_all(), self._sockets.close_all())
        await self.lifespans.stop()
