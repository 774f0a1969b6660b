"""What plugins may call on `registry`."""

from typing import Literal, Protocol

from msgspec import Struct

from hookspecs import Fact, Part


class Health(Struct, frozen=True, kw_only=True):
    """How the system is; a name maps to what is wrong with it, and to nothing where all is well."""

    status: Literal["ready", "degraded", "unavailable"]
    """Unavailable when a tool is not well, degraded when only plugins are not."""
    tools: dict[str, str]
    plugins: dict[str, str]
    """Without the plugins that the settings disable."""


class Standing(Protocol):
    """What stands, for reading: nothing changes by changing what is given out."""

    def tools(self) -> list[Part]:
        """List the tools in boot order, as copies."""
        ...

    def plugins(self) -> list[Part]:
        """List the plugins in boot order, as copies, the broken and the disabled ones too."""
        ...

    def facts(self, kind: str | None = None) -> list[Fact]:
        """List what tools and plugins say that stands: endpoints, subscriptions, tables.

        Args:
            kind: only facts of this kind, e.g. `subscription`; None for all.

        Returns:
            An empty list before the boot has ended, and for an unknown kind.
        """
        ...

    async def health(self) -> Health:
        """Check the health of every tool and plugin, at most REGISTRY_HEALTH_TIMEOUT_S long.

        Calls at the same time share one check. A check that does not end in time is a tool that is not well.
        """
        ...


class Registry(Standing, Protocol):
    """What stands, for plugins that watch the system."""
