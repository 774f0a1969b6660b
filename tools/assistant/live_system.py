"""Answers that only a system which runs can give: rehearsed calls, its log, its traces."""

import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from hookspecs import System
from tools.assistant.asked import ForCall, ForLogs, ForTrace
from tools.assistant.budget import tokens
from tools.assistant.record_ring import RecordRing
from tools.assistant.redaction import redacted
from tools.assistant.routes import RefusedError, check_route
from tools.assistant.stage import Stage
from tools.assistant.told import told


class LiveSystem:
    """The system of this process."""

    def __init__(self, system: System, root: Path, ring: RecordRing) -> None:
        self._system, self._root, self._ring = system, root, ring
        self.stage: Stage | None = None
        self.trace_of: Callable[[str], Awaitable[Any]] | None = None

    async def try_call(self, asked: ForCall) -> str:
        """Rehearse a call, and tell it.

        Raises:
            RefusedError: it cannot be.
        """
        if self.stage is None:
            raise RefusedError("nothing can be rehearsed: the plugin `system.serve_mcp`, which composes that, is gone")
        owners = check_route(self._system, self._root, asked.method.upper(), asked.path)
        rehearsal, answer = await self.stage.play(asked)
        return told(rehearsal, answer, owners, self._hearers(), asked.budget)

    async def logs(self, asked: ForLogs) -> str:
        """List the newest records that the budget has room for, the newest last."""
        lines: list[str] = []
        left = asked.budget - tokens("(older ones are left out)\n")
        is_whole = True
        for line in self._ring.newest(getattr(logging, asked.level.upper()), _utc(asked.since)):
            left -= tokens(line) + 1
            if left < 0:
                is_whole = False
                lines = lines or [line]  # one that is cut is better than none
                break
            lines.append(line)
        head = [] if is_whole else ["(older ones are left out)"]
        return "\n".join([*head, *reversed(lines)]) or "nothing was logged here"

    async def trace(self, asked: ForTrace) -> str:
        """Draw what followed from a request."""
        if self.trace_of is None:
            raise RefusedError(
                "nothing is known of traces: the plugin `system.serve_mcp`, which composes that, is gone"
            )
        try:
            found = msgspec.to_builtins(await self.trace_of(asked.trace_id))
        except RuntimeError as error:  # this system was booted to look, and does not consume
            raise RefusedError(f"{error}; the `/mcp` of an application that runs knows traces") from error
        if not found["events"]:
            raise RefusedError(f"no event that is still kept followed from {asked.trace_id!r}")
        return "\n".join([f"trace {asked.trace_id}", *(line for one in found["events"] for line in _branch(one, 0))])

    def _hearers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for fact in self._system.facts:
            if fact.kind in ("subscription", "responder"):
                found[fact.name].append(fact.owner)
        return found


def _branch(node: dict[str, Any], depth: int) -> list[str]:
    key = f" key={node['key']}" if node["key"] else ""
    lines = [f"{'  ' * depth}- {node['event']} {node['published_at_utc']}{key} ({node['event_id']})"]
    for one in node["deliveries"]:
        error = f": {redacted(one['error'])}" if one["error"] else ""
        lines.append(f"{'  ' * depth}  {one['group']}: {one['state']}, attempt {one['attempts']}{error}")
    return lines + [line for one in node["caused"] for line in _branch(one, depth + 1)]


def _utc(since: str) -> str:
    """Write a time as records have theirs.

    Raises:
        RefusedError: it is none.
    """
    if not since:
        return ""
    try:
        at = datetime.fromisoformat(since)
    except ValueError as error:
        raise RefusedError(f"`since` is {json.dumps(since)}: give an ISO time, e.g. 2026-01-31T12:00:00Z") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
