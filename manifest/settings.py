"""The settings of what is no tool: the kernel, and the manifest itself."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class KernelSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """Here, as the kernel imports nothing that could convert them: `asgi.py` does."""

    on_broken_plugin: Annotated[
        Literal["stop", "quarantine"], Meta(description="whether a broken plugin stops the boot, or the rest is served")
    ] = "stop"
    plugins_disabled: Annotated[str, Meta(description="plugins to leave out: `users.login,system.status`")] = ""
    boot_timeout_s: Annotated[float, Meta(description="seconds for each hook of the boot", gt=0, le=86_400)] = 10.0
    shutdown_timeout_s: Annotated[float, Meta(description="seconds for each hook of the shutdown", gt=0, le=86_400)] = (
        10.0
    )


class ManifestSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """Read from the environment; the table of settings in the documentation is made from it."""

    env: Annotated[str, Meta(description="any other word writes no manifest unless MANIFEST_PATH is set")] = (
        "development"
    )
    manifest_path: Annotated[
        str | None,
        Meta(
            description="where the manifest is written; empty for nowhere, not set for `AI_CONTEXT.md` beside `asgi.py`"
        ),
    ] = None
