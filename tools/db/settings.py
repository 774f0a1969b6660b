"""What can be set about the database."""

from typing import Annotated

import msgspec

LONGEST_S = 86_400  # a day: `inf` is no time-out, and overflows where SQLite counts milliseconds


class DbSettings(msgspec.Struct, frozen=True, rename="upper", kw_only=True):
    """The settings of `tools/db`."""

    database_url: Annotated[
        str,
        msgspec.Meta(
            description="which database: `sqlite:///data/app.db` is relative to the current directory, "
            "`sqlite:////var/lib/app.db` absolute, `sqlite://` in memory; `postgresql://user:password@host/name`"
        ),
    ] = "sqlite:///data/app.db"
    db_timeout_s: Annotated[
        float, msgspec.Meta(description="a statement that takes longer is interrupted: 504", gt=0, le=LONGEST_S)
    ] = 30.0
    db_wait_timeout_s: Annotated[
        float,
        msgspec.Meta(
            description="the longest wait for a connection, or for the one writer's turn: 503", gt=0, le=LONGEST_S
        ),
    ] = 5.0
    db_readers: Annotated[
        int,
        msgspec.Meta(description="SQLite: connections kept open for reading, beside the one that writes", ge=1, le=64),
    ] = 4
    db_pool_size: Annotated[
        int,
        msgspec.Meta(description="PostgreSQL: most connections, opened at need; streams have their own", ge=1, le=1000),
    ] = 10
    db_streams: Annotated[
        int, msgspec.Meta(description="most `stream`s open at once; each has a connection of its own", ge=1, le=256)
    ] = 8
    db_create: Annotated[
        bool, msgspec.Meta(description="make the file of a SQLite database that is not there; if not, refuse to boot")
    ] = True
    db_migrate: Annotated[
        bool, msgspec.Meta(description="apply pending migrations at boot; if not, `python -m manifest migrate` does")
    ] = True
