"""Events as rows, and back."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hookspecs import Trace
from tools.event_bus.delivery import Delivery
from tools.event_bus.message import Message

log = logging.getLogger(__name__)
COLUMNS = "event_id, event, grp, lane, due_at, expires_at, trace_id, parent_id, published_at, meta, body, state"
"""What a row is made of."""
_VALUES = f"({', '.join('?' * 12)})"
CLAIMED = (
    "seq, event_id, event, lane, due_at, expires_at, attempts, spent, trace_id, parent_id, published_at, meta, body"
)
"""What becomes a `Delivery`."""


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What no statement asks for, as JSON; another version of it may have had fewer fields or more."""

    request_id: str = ""
    chain: tuple[str, ...] = ()
    headers: dict[str, str] = {}


class Claimed(msgspec.Struct, frozen=True):
    """A row of `CLAIMED`."""

    seq: int
    event_id: str
    event: str
    lane: str
    due_at: float
    expires_at: float | None
    attempts: int
    spent: int
    trace_id: str
    parent_id: str
    published_at: float
    meta: str
    body: str

    def message(self) -> Message:
        """Make the message again."""
        meta = self._meta()
        return Message(
            self.event,
            self.body.encode(),
            Trace(self.trace_id, meta.request_id, self.event_id, self.parent_id),
            meta.chain,
            self.published_at,
            self.lane,
            self.due_at - self.published_at,
            None if self.expires_at is None else self.expires_at - self.due_at,
            meta.headers,
        )

    def _meta(self) -> Meta:
        try:
            return _read(self.meta)
        except msgspec.MsgspecError as error:  # of other code: the callback gets the event without it
            log.error("event_bus cannot read what is known beside %r (%s): %s", self.event, self.event_id, error)
            return Meta()

    def delivery(self, group: str, worker: str) -> Delivery:
        """Make a delivery of a row that `worker` has claimed."""
        made = Delivery(self.message(), group, self.attempts, self.seq, is_spent=self.spent > 0)
        made.worker = worker
        return made


_read = msgspec.json.Decoder(Meta).decode
_write = msgspec.json.Encoder().encode
_ONE = f"INSERT INTO _event_deliveries ({COLUMNS}) VALUES {_VALUES}"  # noqa: S608


def insertion(message: Message, groups: Sequence[str], state: str) -> tuple[str, list[Any]]:
    """Make the statement that stores a message for each of `groups`, in `state`, and its parameters."""
    trace = message.trace
    meta = _write(Meta(trace.request_id, message.chain, message.headers)).decode()
    body, due_at_s, expires_at_s = message.body.decode(), message.due_at_s, message.expires_at_s
    params: list[Any] = []
    for group in groups:
        params += (trace.event_id, message.event, group, message.key, due_at_s, expires_at_s, trace.trace_id,
                   trace.parent_id, message.published_at_s, meta, body, state)  # fmt: skip
    return _ONE + f", {_VALUES}" * (len(groups) - 1), params


def insertion_anew(rows: Sequence[Mapping[str, Any]], state: str) -> tuple[str, list[Any]]:
    """Make the statement that stores rows of `COLUMNS` once more, in `state`, and its parameters."""
    params = [value for row in rows for value in (dict(row) | {"state": state}).values()]
    return _ONE + f", {_VALUES}" * (len(rows) - 1), params
