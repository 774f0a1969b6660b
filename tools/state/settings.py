"""What decides how `state` works."""

from typing import Annotated

import msgspec
from msgspec import Meta

SCHEMES = ("memory", "redis", "rediss", "unix")


class StateSettings(msgspec.Struct, frozen=True, rename="upper", kw_only=True):
    """Where values are kept, how many, and how long after their end."""

    state_url: Annotated[
        str,
        Meta(
            description="where values are kept: `memory://`, gone with the process; or, for all processes, a Redis: "
            "`redis://user:password@host:6379/0`, `rediss://` over TLS, `unix:///run/redis.sock?db=0`"
        ),
    ] = "memory://"
    state_prefix: Annotated[str, Meta(description="Redis: what all keys begin with", min_length=1)] = "microcoreos"
    state_timeout_s: Annotated[
        float, Meta(description="Redis: a call that takes longer is refused with 503", gt=0, le=60)
    ] = 1.0
    state_connections: Annotated[int, Meta(description="Redis: most connections, opened at need", ge=1, le=1000)] = 10
    state_max_keys: Annotated[
        int, Meta(description="in memory: keys kept at once; one more is refused with 503", gt=0)
    ] = 1_000_000
    state_sweep_s: Annotated[
        float,
        Meta(description="in memory: how often what is over is freed, in seconds", gt=0, le=86_400),
    ] = 30

    def __post_init__(self) -> None:
        scheme, is_url, _ = self.state_url.partition("://")
        if scheme not in SCHEMES:
            # only the scheme is shown: the rest of a URL may hold a password
            asked = f"{scheme!r}, and there are" if is_url else "something that is no URL: there are"
            known = f"{', '.join(SCHEMES[:-1])} and {SCHEMES[-1]}"
            raise ValueError(f"STATE_URL asks for {asked} only {known}: use e.g. 'redis://localhost:6379/0'")

    @property
    def is_in_memory(self) -> bool:
        """Whether values are kept in this process."""
        return self.state_url.startswith("memory:")
