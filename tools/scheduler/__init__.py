"""Events that are due at a time: offers the tool `scheduler`."""

import time
from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.scheduler.contract import Scheduler
from tools.scheduler.settings import SchedulerSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `scheduler`."""

    def factory(environ: Mapping[str, str]) -> Scheduler:
        from tools.scheduler.event_scheduler import EventScheduler

        return EventScheduler(msgspec.convert(environ, SchedulerSettings, strict=False), time.time)

    yield Tool("scheduler", Scheduler, SchedulerSettings, factory)
