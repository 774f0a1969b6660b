"""An event on its way to one group."""

from msgspec import Struct

from tools.event_bus.contract import State
from tools.event_bus.message import Message


class Delivery(Struct, eq=False):
    """What is known about it in this process; a Struct is made in a third of the time of a class of Python's own."""

    message: Message
    group: str
    attempt: int = 1
    """The one that runs, or runs next."""
    seq: int = 0
    is_spent: bool = False
    """Whether a process ended while it was handled there, and nothing else was."""
    is_retry: bool = False
    """Whether the log has to count the attempt before it begins."""
    conflicts: int = 0
    """How often it met another transaction: it is run again, which is no attempt."""
    state: State = "waiting"
    error: str = ""
    ended_at_s: float = 0.0
    worker: str = ""
    """Who has claimed it, in a log that several share."""

    def renew(self) -> None:
        """Let it have all its attempts again: the same delivery, for whoever asks what became of it."""
        self.attempt, self.is_retry, self.conflicts = 1, False, 0
        self.state, self.error, self.ended_at_s = "waiting", "", 0.0


class LostError(Exception):
    """The delivery is not this process's any more: another one took it over, or it is done with."""
