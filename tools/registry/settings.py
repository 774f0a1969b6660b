"""What can be set about the registry."""

from typing import Annotated

from msgspec import Meta, Struct


class RegistrySettings(Struct, frozen=True, rename="upper", kw_only=True):
    """Read from the environment; the table of settings in the documentation is made from it."""

    registry_health_timeout_s: Annotated[
        float, Meta(description="seconds that all health checks together may take", gt=0)
    ] = 5.0
