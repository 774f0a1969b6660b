"""Taking deliveries for this process: in order, and no lane that another process is at."""

from collections.abc import Collection
from contextlib import AsyncExitStack

from tools.event_bus.contract import Store
from tools.event_bus.delivery import Delivery
from tools.event_bus.sql.rows import CLAIMED, Claimed

# `held`: what another process has claimed, or what was lost, which goes first and by itself. It refers to no row of the
# outer query: an engine without statistics would scan all that is held again for each of them.
_OF_OTHERS = " AND held.worker <> :worker"
_CLAIM = f"""
UPDATE _event_deliveries SET state = 'claimed', worker = :worker, attempts = attempts + 1, alone = FALSE
WHERE seq IN (
    SELECT d.seq FROM _event_deliveries d
    WHERE d.event = :event AND d.grp = :grp AND d.state = 'waiting' AND d.lane NOT IN (
        SELECT held.lane FROM _event_deliveries held WHERE held.event = :event AND held.grp = :grp
        AND held.state IN ('claimed', 'lost'){_OF_OTHERS})
    ORDER BY d.seq LIMIT :most)
AND EXISTS (SELECT 1 FROM _event_workers w WHERE w.worker = :worker)
RETURNING {CLAIMED}"""  # noqa: S608
_CLAIM_NEW = _CLAIM.replace(_OF_OTHERS, "")
_CLAIM_LOST = f"""
UPDATE _event_deliveries SET state = 'claimed', worker = :worker, attempts = attempts + 1, alone = TRUE
WHERE seq IN (
    SELECT d.seq FROM _event_deliveries d
    WHERE d.event = :event AND d.grp = :grp AND d.state = 'lost' AND d.lane NOT IN (
        SELECT held.lane FROM _event_deliveries held WHERE held.event = :event AND held.grp = :grp
        AND held.state IN ('claimed', 'lost') AND held.state = 'claimed')
    ORDER BY d.seq LIMIT 1)
AND EXISTS (SELECT 1 FROM _event_workers w WHERE w.worker = :worker)
RETURNING {CLAIMED}"""  # noqa: S608
# what this process has claimed already has not arrived here: it sends one batch after the other, until each is marked
_CLAIM_OUTGOING = f"""
UPDATE _event_deliveries SET state = 'claimed', worker = :worker, attempts = attempts + 1
WHERE seq IN (
    SELECT d.seq FROM _event_deliveries d
    WHERE d.grp = '(broker)' AND d.state <> 'done'
    AND (d.state IN ('waiting', 'lost') OR d.state = 'claimed' AND d.worker = :worker) AND NOT EXISTS (
        SELECT 1 FROM _event_deliveries held
        WHERE held.grp = '(broker)' AND held.state <> 'done' AND held.state = 'claimed' AND held.worker <> :worker)
    ORDER BY d.seq LIMIT :most)
AND EXISTS (SELECT 1 FROM _event_workers w WHERE w.worker = :worker)
RETURNING {CLAIMED}"""  # noqa: S608
_LET_GO = """
UPDATE _event_deliveries SET state = 'lost', worker = '', attempts = attempts - 1
WHERE event = ? AND grp = ? AND state IN ('claimed', 'lost') AND state = 'claimed' AND worker = ?"""
_LET_GO_OUTGOING = """
UPDATE _event_deliveries SET state = 'waiting', worker = '', attempts = attempts - 1
WHERE grp = '(broker)' AND state <> 'done' AND state = 'claimed' AND worker = ?"""
_TURN = "SELECT event FROM _event_groups WHERE event = :event AND grp = :grp FOR UPDATE SKIP LOCKED"


class BusyError(Exception):
    """Another process claims for the same group just now."""


class Claims:
    """Claims for one group after the other; SQLite has one writer, PostgreSQL a row to lock for each group."""

    def __init__(self, store: Store) -> None:
        self._store, self._takes_turns = store, store.dialect == "postgresql"

    async def some(self, event: str, group: str, worker: str, most: int, *, is_new: bool = False) -> list[Delivery]:
        """Claim up to `most` that wait, or `is_new` of those of lanes that this process is not at either."""
        return await self._claim(_CLAIM_NEW if is_new else _CLAIM, event, group, worker, most)

    async def lost(self, event: str, group: str, worker: str) -> list[Delivery]:
        """Claim one that a process left behind: the caller handles it with no other one of its group beside it."""
        return await self._claim(_CLAIM_LOST, event, group, worker, None)

    async def let_go(self, event: str, group: str, worker: str, but: Collection[int]) -> None:
        """Give back what `worker` has claimed without knowing it, as the answer was lost; `but` is what it knows of."""
        known = f" AND seq NOT IN ({', '.join('?' * len(but))})" if but else ""
        await self._store.execute(_LET_GO + known, [event, group, worker, *but])

    async def outgoing(self, group: str, worker: str, most: int) -> list[Delivery]:
        """Claim what is for the broker; one process at a time has any."""
        return await self._claim(_CLAIM_OUTGOING, "", group, worker, most)

    async def let_go_outgoing(self, worker: str) -> None:
        """Give back what is for the broker, and could not be sent."""
        await self._store.execute(_LET_GO_OUTGOING, (worker,))

    async def _claim(self, sql: str, event: str, group: str, worker: str, most: int | None) -> list[Delivery]:
        params = {"event": event, "grp": group, "worker": worker} | ({"most": most} if most else {})
        if not event:
            del params["event"], params["grp"]
        async with AsyncExitStack() as turn:
            if self._takes_turns:
                await turn.enter_async_context(self._store.transaction())
                if not await self._store.query(_TURN, {"event": event, "grp": group}):
                    raise BusyError
            rows: list[Claimed] = await self._store.query(sql, params, into=Claimed)
        return [row.delivery(group, worker) for row in sorted(rows, key=lambda row: row.seq)]
