"""The errors that `event_bus` raises.

BusFull              Refusal 503   publish: no room within EVENT_BUS_WAIT_S
TransportDown        Refusal 503   publish: the broker does not take it, and there is no log to keep it meanwhile
NobodyRepliesError   Refusal 503   request: no responder for that event
RequestTimeoutError  Refusal 504   request: no answer in time
ReplyError                         request: the responder failed with an error that is not a Refusal
PayloadError                       publish, request: not JSON, or too large
ChainError                         publish, request: too many events, each caused by the one before
"""

from hookspecs import Refusal


class BusFull(Refusal):
    """There was no room for one more event in time: nothing was kept, for nobody."""

    def __init__(self, event: str, full: str, setting: str = "EVENT_BUS_QUEUE") -> None:
        super().__init__(503, "too many events are waiting: try again", retry_after_s=1)
        self.event, self.full, self.setting = event, full, setting

    def __str__(self) -> str:
        return (
            f"event_bus kept {self.event!r} for nobody, as {self.full} is full: "
            f"make the subscribers faster, or raise {self.setting}"
        )


class TransportDown(Refusal):
    """The transport could not take an event in time; it may have, where the answer was lost."""

    def __init__(self, event: str, reason: str) -> None:
        super().__init__(503, "events cannot be taken now: try again", retry_after_s=1)
        self.event, self.reason = event, reason

    def __str__(self) -> str:
        return f"event_bus could not hand {self.event!r} over: {self.reason}"


class NobodyRepliesError(Refusal):
    """No plugin called `reply` for the requested event."""

    def __init__(self, event: str) -> None:
        super().__init__(503, "a part that this needs is not there")
        self.event = event

    def __str__(self) -> str:
        return f"event_bus has nobody who replies to {self.event!r}: call `reply({self.event!r}, callback)` in a plugin"


class RequestTimeoutError(Refusal):
    """The responder was found and gave no answer in time; a `def` may still be running in its thread."""

    def __init__(self, event: str, responder: str, timeout_s: float) -> None:
        super().__init__(504, "a part that this needs did not answer in time")
        self.event, self.responder, self.timeout_s = event, responder, timeout_s

    def __str__(self) -> str:
        return (
            f"event_bus got no answer to {self.event!r} from {self.responder} within {self.timeout_s:g} s: "
            "make it faster, or raise `timeout`"
        )


class ReplyError(RuntimeError):
    """The responder failed; its error is the cause."""

    def __init__(self, event: str, responder: str, reason: str) -> None:
        super().__init__(f"event_bus has no answer to {event!r}, as {responder} failed: {reason}")
        self.event, self.responder, self.reason = event, responder, reason


class PayloadError(ValueError):
    """What was to be published cannot travel as JSON, or is too large for it."""

    def __init__(self, event: str, reason: str) -> None:
        super().__init__(f"event_bus cannot take the payload of {event!r}, {reason}")
        self.event, self.reason = event, reason


class ChainError(RuntimeError):
    """Events caused each other without an end in sight."""

    def __init__(self, chain: tuple[str, ...]) -> None:
        super().__init__(
            f"event_bus refuses {chain[-1]!r} after {len(chain) - 1} events that caused each other, "
            f"{' -> '.join(chain)}: break the loop"
        )
        self.chain = chain
