"""An event on its way to one group."""

from tools.event_bus.contract import State
from tools.event_bus.message import Message


class Delivery:
    """What is known about it in this process; `attempt` is the one that runs, or runs next."""

    __slots__ = ("attempt", "conflicts", "ended_at_s", "error", "group", "is_retry", "is_spent", "message", "seq",
                 "state", "worker")  # fmt: skip

    def __init__(self, message: Message, group: str, attempt: int = 1, seq: int = 0, *, is_spent: bool = False) -> None:
        self.message, self.group, self.attempt, self.seq = message, group, attempt, seq
        self.is_spent = is_spent
        """Whether a process ended while it was handled there, and nothing else was."""
        self.is_retry = False
        """Whether the log has to count the attempt before it begins."""
        self.conflicts = 0
        """How often it met another transaction: it is run again, which is no attempt."""
        self.state: State = "waiting"
        self.error = ""
        self.ended_at_s = 0.0
        self.worker = ""
        """Who has claimed it, in a log that several share."""


class LostError(Exception):
    """The delivery is not this process's any more: another one took it over, or it is done with."""
