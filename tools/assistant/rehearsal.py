"""What one rehearsed call did, and how what runs finds that it is in one."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple

from hookspecs import trace

MOST = 200
"""Of statements, events and records each: the rest is counted only."""


class Statement(NamedTuple):
    """SQL that ran; of parameters only the types, as values may be anybody's secret."""

    sql: str
    types: str
    outcome: str


class Held(NamedTuple):
    """What would have gone to others, and did not."""

    how: str
    event: str
    payload: object
    more: str = ""


@dataclass(eq=False)
class Rehearsal:
    """One call, while it is made and afterwards."""

    statements: list[Statement] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    state: dict[str, tuple[bytes | None, float | None]] = field(default_factory=dict)
    """What it wrote to `state`, by whole key: None for what it deleted, and when its time is over."""
    is_over: bool = False
    left_out: int = 0

    def check(self) -> None:
        """Go on only while the call is made.

        Raises:
            RuntimeError: it is over: a task that it left behind must do nothing any more.
        """
        if self.is_over:
            raise RuntimeError("this call was rehearsed, and is over: what it left behind does nothing")

    def add(self, done: Statement | Held | str) -> None:
        """Note something.

        Raises:
            RuntimeError: see `check`.
        """
        self.check()
        kept: list[object] = getattr(self, _LISTS[type(done)])
        if len(kept) < MOST:
            kept.append(done)
        else:
            self.left_out += 1


_LISTS: dict[type, str] = {Statement: "statements", Held: "held", str: "records"}

MARK = "rehearsal-"
"""How the request id of a rehearsed call begins."""
EXTENSION = "microcoreos.rehearsal"
"""In the scope's `extensions`: what answers must keep nothing of it for others, as a cache would."""
current: ContextVar[Rehearsal | None] = ContextVar("rehearsal", default=None)


def rehearsed() -> Rehearsal | None:
    """Answer with the call that is rehearsed; None in a real one.

    Raises:
        RuntimeError: this is a rehearsed call whose context was lost on the way, and with it the transaction.
    """
    found = current.get()
    if found is None and trace.get().request_id.startswith(MARK):
        raise RuntimeError("a rehearsed call has lost its context, so nothing that it does could be taken back")
    return found
