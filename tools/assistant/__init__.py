"""An assistant's way in: what stands, what a call would do, what was logged: over stdio, and at `/mcp`.

Its SDK (extra `mcp`) is imported when the first client comes: without it everything boots, and says what is missing.
"""

from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.assistant.contract import Assistant
from tools.assistant.settings import AssistantSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `assistant`."""

    def factory(environ: Mapping[str, str]) -> Assistant:
        from tools.assistant.mcp_assistant import McpAssistant

        return McpAssistant(msgspec.convert(environ, AssistantSettings, strict=False))

    yield Tool("assistant", Assistant, AssistantSettings, factory)
