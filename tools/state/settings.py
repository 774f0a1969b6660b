"""What decides how `state` works."""

from typing import Annotated

import msgspec
from msgspec import Meta


class StateSettings(msgspec.Struct, frozen=True, rename="upper", kw_only=True):
    """Where values are kept, how many, and how long after their end."""

    state_url: Annotated[str, Meta(description="where values are kept: `memory://`, gone with the process")] = (
        "memory://"
    )
    state_max_keys: Annotated[int, Meta(description="keys kept at once; one more is refused with 503", gt=0)] = (
        1_000_000
    )
    state_sweep_s: Annotated[
        float,
        Meta(description="how often the memory of values whose time is over is freed, in seconds", gt=0, le=86_400),
    ] = 30

    def __post_init__(self) -> None:
        # only the scheme is shown: the rest of a URL may hold a password
        scheme = self.state_url.partition(":")[0]
        if scheme != "memory":
            raise ValueError(f"STATE_URL asks for {scheme!r}, and there is only memory yet: use 'memory://'")
