"""What decides how `auth` works."""

from typing import Annotated

import msgspec
from msgspec import Meta

# What a stored hash may cost at most (measured: one of m=4 GiB was computed, 7 s and 4 GB). The settings stay within.
MOST_MEMORY_KIB = 1024 * 1024
MOST_TIME_COST = 10
MOST_PARALLELISM = 64
LONGEST_TTL_S = 366 * 86_400  # a token cannot be taken back: beyond a year it is a mistake


class AuthSettings(msgspec.Struct, frozen=True, rename="upper", kw_only=True):
    """The floors of the argon2 settings are OWASP's minimum, the defaults RFC 9106's for little memory."""

    env: Annotated[str, Meta(description="`development`, or anything else, which is as strict as `production`")] = (
        "development"
    )
    auth_secret: Annotated[
        str, Meta(description="what tokens are signed with, 32 random bytes or more; must be set unless in development")
    ] = ""
    auth_secret_file: Annotated[
        str, Meta(description="where a secret is made and kept in development, when AUTH_SECRET is not set")
    ] = "data/auth_secret"  # noqa: S105 (a path)
    auth_access_ttl_s: Annotated[
        int, Meta(description="how long an access token lives, in seconds", gt=0, le=LONGEST_TTL_S)
    ] = 900
    auth_issuer: Annotated[str, Meta(description="`iss` of every token", min_length=1)] = "microcoreos"
    auth_audience: Annotated[str, Meta(description="`aud` of every token", min_length=1)] = "microcoreos"
    auth_argon2_memory_kib: Annotated[
        int, Meta(description="memory of one password hash, in KiB", ge=19_456, le=MOST_MEMORY_KIB)
    ] = 65_536
    auth_argon2_time_cost: Annotated[
        int, Meta(description="passes of one password hash over its memory", ge=2, le=MOST_TIME_COST)
    ] = 3
    auth_argon2_parallelism: Annotated[
        int, Meta(description="lanes of one password hash", ge=1, le=MOST_PARALLELISM)
    ] = 4
    auth_hash_queue: Annotated[
        int, Meta(description="passwords that may wait for a thread, one a core; more are refused with 503", ge=1)
    ] = 64

    def __repr__(self) -> str:
        # msgspec's own would print the secret into every log and traceback that shows the settings
        return f"AuthSettings(env={self.env!r}, auth_secret=..., auth_secret_file={self.auth_secret_file!r})"
