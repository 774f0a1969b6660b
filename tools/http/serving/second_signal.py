"""A second SIGTERM ends the process at once; uvicorn alone goes on waiting for what the first one waits for."""

import signal
import threading
from types import FrameType


def end_at_second_sigterm() -> None:
    """Leave the first SIGTERM to the server, and take its handler away then, so that the next one kills.

    Nothing changes outside the main thread, and where nobody handles the signal.
    """
    handle = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(handle):
        return

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        handle(number, frame)

    signal.signal(signal.SIGTERM, first)
