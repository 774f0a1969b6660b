"""`scheduler`, which while a call is rehearsed notes what would be scheduled or cancelled, and does neither."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec

from tools.assistant.rehearsal import Held, rehearsed

PAGE = 500


class SchedulerStandIn:
    """Keeps `Scheduler`."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scheduler, name)

    async def at(self, when_utc: datetime, event: str, payload: object = None) -> str:
        rehearsal = rehearsed()
        if rehearsal is None:
            id: str = await self._scheduler.at(when_utc, event, payload)
            return id
        if when_utc.tzinfo is None:
            raise ValueError(f"scheduler takes no {event!r}, as {when_utc} has no zone: use `datetime.now(UTC)`")
        copy = msgspec.json.decode(msgspec.json.encode({} if payload is None else payload))
        rehearsal.add(Held("schedule", event, copy, f"at {when_utc.isoformat()}"))
        return f"at-{when_utc.isoformat()}-rehearsed"

    async def cancel(self, id_or_name: str) -> bool:
        return await self._changed("cancel", id_or_name)

    async def resume(self, name: str) -> bool:
        return await self._changed("resume", name)

    async def _changed(self, verb: str, id: str) -> bool:
        rehearsal = rehearsed()
        if rehearsal is None:
            done: bool = await getattr(self._scheduler, verb)(id)
            return done
        states = ("cancelled",) if verb == "resume" else ("scheduled", "undeclared")
        found = [job async for job in self._jobs() if job.id == id and job.state in states]
        for job in found:
            rehearsal.add(Held(f"{verb} job", job.event, {"job": id}))
        return bool(found)

    async def _jobs(self) -> AsyncIterator[Any]:
        after = ""
        while page := await self._scheduler.jobs(after=after, limit=PAGE):
            for job in page:
                yield job
            after = page[-1].id
