"""What decides whether the manifest is written, and where."""

from typing import Annotated

from msgspec import Meta, Struct


class ManifestSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """Read from the environment; the table of settings in the documentation is made from it."""

    env: Annotated[str, Meta(description="`production` writes no manifest unless MANIFEST_PATH is set")] = "development"
    manifest_path: Annotated[
        str | None, Meta(description="where the manifest is written; empty for nowhere, not set for `AI_CONTEXT.md` beside `asgi.py`")
    ] = None
