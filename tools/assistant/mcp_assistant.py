"""The tool `assistant`: while developing it sees each tool on its way to a plugin, what serves, and what is logged."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hookspecs import ASGIApp, Command, Middleware, System, hookimpl
from tools.assistant.answers import Answers
from tools.assistant.commands import commands
from tools.assistant.contract import Issue, Transaction
from tools.assistant.door import Door
from tools.assistant.fresh_command import FreshCommand
from tools.assistant.live_system import LiveSystem
from tools.assistant.record_ring import RecordRing
from tools.assistant.settings import AssistantSettings
from tools.assistant.stage import Stage
from tools.assistant.stand_ins import made_for

OUTERMOST = -(2**31)
PATH = "/mcp"
_HERE = Path(__file__).parents[2]


class McpAssistant:
    """Keeps `Assistant`."""

    def __init__(self, settings: AssistantSettings) -> None:
        self._is_let_in = settings.is_development
        self._may_rehearse = self._is_let_in and find_spec("mcp") is not None
        self._root = _HERE
        self._ring = RecordRing(_HERE)
        self._live: LiveSystem | None = None
        self._app: ASGIApp | None = None

    @hookimpl
    async def wrap_tool(self, name: str, tool: object) -> object | None:  # a `def` would cost a thread for each
        return made_for(name, tool) if self._may_rehearse else None  # each call of a tool goes through it

    @hookimpl
    async def on_boot(self, system: System) -> None:
        self._root = system.domains[0].parents[1] if system.domains else _HERE
        self._ring.root = self._root
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
        return self._serve

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        assert self._app is not None, "what serves is made before anybody calls"
        if (
            scope.get("path") == PATH
        ):  # what is mounted there gets what is below it, and clients ask for the path itself
            scope = {**scope, "path": f"{PATH}/", "raw_path": f"{PATH}/".encode()}
        await self._app(scope, receive, send)
