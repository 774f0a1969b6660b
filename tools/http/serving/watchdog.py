"""Names what blocks the event loop: while it does, every other request of the process waits."""

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from contextvars import Context
from pathlib import Path
from types import FrameType

BEAT_S = 0.1
REPEAT_S = 60.0  # the same place is not told again before
MOST_FRAMES = 15
log = logging.getLogger(__name__)


class LoopWatchdog:
    """A daemon thread that looks whether the loop's heart beats, some three times a second.

    Args:
        blocked_s: the loop may be silent for so long; 0 watches nothing.
        folders: a frame of a file below one of these is the culprit, rather than the library that it calls.
    """

    def __init__(self, blocked_s: float, folders: Sequence[Path] = ()) -> None:
        self._blocked_s, self._folders = blocked_s, tuple(f"{folder}/" for folder in folders)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat_s = self._reported_s = self._told_s = 0.0
        self._told = ""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch this loop, from its own thread."""
        if self._blocked_s and self._thread is None:
            self._loop, self._ident = loop, threading.get_ident()
            self._beat_s = time.monotonic()
            self._arm()
            self._thread = threading.Thread(target=self._watch, name="loop-watchdog", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()
        if self._thread is not None:
            self._timer.cancel()
            self._thread.join(1)

    # ------------------------------------------------------------ in the loop

    def _arm(self) -> None:
        self._timer = self._loop.call_later(BEAT_S, self._beat, context=Context())

    def _beat(self) -> None:
        now_s = time.monotonic()
        late_s = now_s - self._beat_s - BEAT_S
        if late_s > self._blocked_s and self._reported_s != self._beat_s:
            text = "the event loop stood still for %.2f s, and so did every thread: look for a regular expression"
            log.warning(f"{text} or a C call that takes long, or for a machine that slept", late_s)
        self._beat_s = now_s
        self._arm()

    # ------------------------------------------------------------ in the thread

    def _watch(self) -> None:
        while self._loop.is_running():
            beat_s = self._beat_s
            due_s = max(beat_s + BEAT_S + self._blocked_s, time.monotonic() + BEAT_S / 2)
            if self._stopped.wait(due_s - time.monotonic()):
                return
            is_late_itself = time.monotonic() - due_s > self._blocked_s / 2  # the loop gets the chance to catch up
            if self._beat_s == beat_s != self._reported_s and not is_late_itself:
                self._reported_s = beat_s
                self._report()

    def _report(self) -> None:
        frame, now_s = sys._current_frames().get(self._ident), time.monotonic()
        if frame is None:
            return
        place, stack = self._place(frame), "".join(traceback.format_stack(frame)[-MOST_FRAMES:])
        if place == self._told and now_s - self._told_s < REPEAT_S:
            return
        self._told, self._told_s = place, now_s
        text = "%s blocks the event loop for more than %.2f s: await what takes long, or write the handler as `def`\n%s"
        log.warning(text, place, self._blocked_s, stack)

    def _place(self, innermost: FrameType) -> str:
        frame: FrameType | None = innermost
        while frame is not None and not frame.f_code.co_filename.startswith(self._folders):
            frame = frame.f_back
        frame = frame or innermost
        return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
