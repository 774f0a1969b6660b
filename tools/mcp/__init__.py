"""An assistant's way in: what stands, what a call would do, what was logged: over stdio, and at `/mcp`.

Its SDK (extra `mcp`) is imported when the first client comes: without it everything boots, and says what is missing.
"""

from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.mcp.contract import Mcp
from tools.mcp.settings import McpSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `mcp`."""

    def factory(environ: Mapping[str, str]) -> Mcp:
        from tools.mcp.assistant import Assistant

        return Assistant(msgspec.convert(environ, McpSettings, strict=False))

    yield Tool("mcp", Mcp, McpSettings, factory)
