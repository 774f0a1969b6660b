"""The tool `mcp`: while developing it sees each tool on its way to a plugin, what serves, and what is logged."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from hookspecs import ASGIApp, Command, Middleware, System, hookimpl
from tools.mcp.answers import Answers
from tools.mcp.commands import commands
from tools.mcp.contract import Issue, Transaction
from tools.mcp.door import Door
from tools.mcp.fresh_command import FreshCommand
from tools.mcp.live_system import LiveSystem
from tools.mcp.record_ring import RecordRing
from tools.mcp.settings import McpSettings
from tools.mcp.stage import Stage
from tools.mcp.stand_ins import made_for

OUTERMOST = -(2**31)
_HERE = Path(__file__).parents[2]


class Assistant:
    """Keeps `Mcp`."""

    def __init__(self, settings: McpSettings) -> None:
        self._is_let_in = settings.is_development
        self._root = _HERE
        self._ring = RecordRing(_HERE)
        self._live: LiveSystem | None = None
        self._app: ASGIApp | None = None

    @hookimpl
    def wrap_tool(self, name: str, tool: object) -> object | None:
        return made_for(name, tool) if self._is_let_in else None

    @hookimpl
    async def on_boot(self, system: System) -> None:
        self._root = system.domains[0].parents[1] if system.domains else _HERE
        if self._is_let_in:
            self._live = LiveSystem(system, self._root, self._ring)
            logging.getLogger().addHandler(self._ring)

    @hookimpl
    def register_middleware(self) -> Iterable[Middleware]:
        return [Middleware(self._seen, OUTERMOST)] if self._is_let_in else []

    @hookimpl
    def register_commands(self) -> Iterable[Command]:
        return commands(self._root, self._answers)

    @hookimpl
    async def on_shutdown(self) -> None:
        logging.getLogger().removeHandler(self._ring)

    def compose(
        self, *, transaction: Transaction, issue: Issue, trace: Callable[[str], Awaitable[Any]]
    ) -> ASGIApp | None:
        answers = self._answers()
        if self._live is None or answers is None:
            return None
        self._live.stage = Stage(self._serve, transaction, issue)
        self._live.trace_of = trace
        return Door(answers)

    def _answers(self) -> Answers | None:
        return Answers(FreshCommand(self._root), self._live) if self._live else None

    def _seen(self, app: ASGIApp) -> ASGIApp:
        self._app = app
        return app

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        assert self._app is not None, "what serves is made before anybody calls"
        await self._app(scope, receive, send)
