"""What decides whether, and how soon, `scheduler` runs jobs."""

from typing import Annotated

from msgspec import Meta, Struct


class SchedulerSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """Read from the environment; the table of settings in the documentation is made from it."""

    scheduler_enabled: Annotated[
        bool, Meta(description="whether this process runs jobs; without, it only declares, adds and cancels them")
    ] = True
    scheduler_look_s: Annotated[
        float,
        Meta(
            description="seconds after which a job that another process added is found, and a clock that was set",
            gt=0,
            le=30,
        ),
    ] = 5
