"""The protocol itself, by the official SDK; nothing else here imports it, and this only when somebody comes."""

import logging
from typing import TYPE_CHECKING, Any

from tools.assistant.answers import Answers
from tools.assistant.definitions import INSTRUCTIONS, TOOLS

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

MISSING = 'the extra `mcp` is not installed: .venv/bin/pip install ".[mcp]"'
LARGEST_BYTES = 1_048_576


class ExtraMissingError(Exception):
    """The SDK cannot be imported."""

    def __init__(self) -> None:
        super().__init__(MISSING)


def make_server(answers: Answers) -> "Server[Any]":
    """Make what speaks the protocol.

    Raises:
        ExtraMissingError: without the SDK.
    """
    try:
        import mcp_types as types
        from mcp.server.lowlevel import Server
    except ImportError as error:
        raise ExtraMissingError from error
    listed = types.ListToolsResult(tools=[types.Tool.model_validate(one) for one in TOOLS])

    async def list_tools(_context: Any, _asked: Any) -> types.ListToolsResult:
        return listed

    async def call_tool(_context: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        told = await answers.answer(asked.name, asked.arguments or {})
        return types.CallToolResult(content=[types.TextContent(type="text", text=told.text)], is_error=told.is_error)

    return Server("microcoreos", instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool)


def make_sessions(answers: Answers) -> "StreamableHTTPSessionManager":
    """Make what serves it over HTTP: each request by itself, answered as JSON; `door` has checked where it comes from.

    Raises:
        ExtraMissingError: without the SDK.
    """
    server = make_server(answers)
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    logging.getLogger("mcp").setLevel(logging.WARNING)  # it tells of every start and every request
    return StreamableHTTPSessionManager(server, stateless=True, json_response=True, max_request_body_size=LARGEST_BYTES)


async def serve_stdio(answers: Answers) -> None:
    """Serve one client over stdin and stdout until it leaves; what anybody prints meanwhile goes to stderr.

    Raises:
        ExtraMissingError: without the SDK.
    """
    server = make_server(answers)
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
