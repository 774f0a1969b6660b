"""What people ask the log: dead letters, traces, how much waits."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, cast

from tools.event_bus.contract import DeadLetter, State, Store, TracedDelivery, TracedEvent
from tools.event_bus.message import shown
from tools.event_bus.sql.worker import Pair, is_of

_LETTER = "seq, event, event_id, trace_id, grp, lane, state, error, attempts, published_at, ended_at, body"
_UNROUTABLE = "state IN ('waiting', 'lost')"
_STRANDED = f"""
SELECT {_LETTER} FROM _event_deliveries
WHERE grp = '(broker)' AND state <> 'done' AND {_UNROUTABLE} AND seq > ? ORDER BY seq LIMIT ?"""  # noqa: S608
# in one statement: what passes from one state to another between two would be counted twice, or not at all
_UNDONE = "\nUNION ALL ".join(
    f"SELECT event, grp, COUNT(*) AS found FROM _event_deliveries WHERE state {states} GROUP BY event, grp"  # noqa: S608
    for states in ("= 'waiting'", "IN ('claimed', 'lost')", "= 'delayed'")
)
_FAILED = "\nUNION ALL ".join(
    f"SELECT event, grp, '{state}' AS state, COUNT(*) AS found FROM _event_deliveries"  # noqa: S608
    f" WHERE state {states} GROUP BY event, grp"
    for state, states in (("dead", "= 'dead'"), ("", "= 'waiting'"), ("", "IN ('claimed', 'lost') AND state = 'lost'"))
)
_TRACE = """
SELECT event_id, parent_id, trace_id, event, lane, published_at, grp, state, attempts, error, ended_at
FROM _event_deliveries WHERE trace_id = ? ORDER BY published_at, event_id, seq"""
_SHOWN: dict[str, State] = {"delayed": "waiting", "lost": "waiting"}


class Archive:
    """Reads rows as the contract's values."""

    def __init__(self, store: Store, known: Callable[[], set[Pair]]) -> None:
        self._store, self._known = store, known

    async def dead_letters(self, after: int, limit: int) -> list[DeadLetter]:
        """List what is dead, and what waits for a group that nobody subscribes with, by id."""
        sql = f"SELECT {_LETTER} FROM _event_deliveries WHERE state = 'dead' AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
        rows = await self._store.query(sql, (after, limit))
        for event, group in await self._gone():
            if not event:
                rows += await self._store.query(_STRANDED, (after, limit))
                continue
            sql = f"""SELECT {_LETTER} FROM _event_deliveries
            WHERE event = ? AND grp = ? AND {_UNROUTABLE} AND seq > ? ORDER BY seq LIMIT ?"""  # noqa: S608
            rows += await self._store.query(sql, (event, group, after, limit))
        return [_letter(row) for row in sorted(rows, key=lambda row: cast(int, row["seq"]))[:limit]]

    async def replay(self, id: int) -> Pair | None:
        """Let a dead letter wait again; answers with whose it is, or None."""
        sql = "UPDATE _event_deliveries SET state = 'waiting', attempts = 0, spent = 0, error = '', ended_at = NULL"
        rows = await self._store.query(sql + " WHERE seq = ? AND state = 'dead' RETURNING event, grp", (id,))
        return (rows[0]["event"], rows[0]["grp"]) if rows else None

    async def drop(self, id: int) -> bool:
        """Delete a dead letter, or one that is unroutable."""
        rows = await self._store.query("SELECT event, grp, state FROM _event_deliveries WHERE seq = ?", (id,))
        if not rows or (rows[0]["state"] != "dead" and not await self._is_gone(rows[0]["event"], rows[0]["grp"])):
            return False
        sql = f"DELETE FROM _event_deliveries WHERE seq = ? AND (state = 'dead' OR {_UNROUTABLE})"  # noqa: S608
        return await self._store.execute(sql, (id,)) == 1

    async def trace(self, trace_id: str) -> list[TracedEvent]:
        """List the events of one trace, oldest first."""
        rows = await self._store.query(_TRACE, (trace_id,))
        return [_event(list(same)) for _, same in groupby(rows, key=lambda row: row["event_id"])]

    async def pending(self) -> int:
        """Count what waits for a group that somebody subscribes with, or is under way."""
        known = self._known()
        rows = await self._store.query(_UNDONE)
        return sum(row["found"] for row in rows if is_of(row["event"], row["grp"], known))

    async def failed(self) -> dict[str, int]:
        """Count what is dead, and what waits for a group that nobody subscribes with, by group."""
        gone, found = await self._gone(), Counter[str]()
        for row in await self._store.query(_FAILED):
            if row["state"] == "dead" or is_of(row["event"], row["grp"], gone):
                found[row["grp"]] += row["found"]
        return dict(found)

    async def _is_gone(self, event: str, group: str) -> bool:
        return is_of(event, group, await self._gone())

    async def _gone(self) -> list[Pair]:
        rows = await self._store.query("SELECT event, grp FROM _event_groups ORDER BY event, grp")
        known = self._known()
        return [pair for row in rows if (pair := (row["event"], row["grp"])) not in known]


def _at(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _letter(row: dict[str, Any]) -> DeadLetter:
    is_dead = row["state"] == "dead"
    return DeadLetter(
        id=row["seq"],
        event=row["event"],
        event_id=row["event_id"],
        trace_id=row["trace_id"],
        group=row["grp"],
        key=row["lane"],
        state="dead" if is_dead else "unroutable",
        error=row["error"] if is_dead else "nobody subscribes with this group any more",
        attempts=row["attempts"],
        published_at_utc=datetime.fromtimestamp(row["published_at"], UTC),
        ended_at_utc=_at(row["ended_at"]),
        payload=shown(row["body"]),
    )


def _event(rows: list[dict[str, Any]]) -> TracedEvent:
    first = rows[0]
    return TracedEvent(
        event_id=first["event_id"],
        parent_id=first["parent_id"],
        trace_id=first["trace_id"],
        event=first["event"],
        key=first["lane"],
        published_at_utc=datetime.fromtimestamp(first["published_at"], UTC),
        deliveries=list(_deliveries(rows)),
    )


def _deliveries(rows: Iterable[dict[str, Any]]) -> Iterable[TracedDelivery]:
    for row in rows:
        if row["grp"] not in ("", "(broker)"):  # it was for nobody yet
            yield TracedDelivery(
                group=row["grp"],
                state=_SHOWN.get(row["state"], row["state"]),
                attempts=row["attempts"],
                error=row["error"],
                ended_at_utc=_at(row["ended_at"]),
            )
