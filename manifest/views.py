"""The commands that print what stands, and the one that writes new files."""

import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from hookspecs import Command, System
from manifest import arguments
from manifest.budget import BudgetError
from manifest.feature import domain_names
from manifest.pages.context import render_context
from manifest.pages.events import render_events
from manifest.pages.tables import render_tables
from manifest.pages.tools import render_tool, render_tools
from manifest.pages.why import render_why
from manifest.scaffold.new_files import NewFileError, write_new
from manifest.unknown import unknown

USAGE = 2  # the exit code of what argparse refuses, too


class Views:
    """What has booted, and a method a command; each answers with its exit code."""

    def __init__(self, system: System, root: Path, environ: Mapping[str, str]) -> None:
        self._system, self._root, self._environ = system, root, environ

    def commands(self) -> list[Command]:
        """List the commands."""
        task = "print what an author needs: the index, a domain, or what one task takes (default)"
        why = "tell why a plugin runs or does not: what it asked for and got, what it registered"
        new = "write a plugin or a domain to begin with, and its test; nothing is overwritten"
        events = "list events: who publishes and who hears them, with fields and groups"
        tools = "list what tools offer, or all about one: whole signatures, values, errors"
        return [
            Command("show", task, arguments.of_show, self.show),
            Command("events", events, arguments.none, self.events),
            Command("tables", "list tables with all their columns, by domain", arguments.none, self.tables),
            Command("tools", tools, arguments.of_tools, self.tools),
            Command("why", why, arguments.of_why, self.why),
            Command("new", new, arguments.of_new, self.new),
        ]

    def show(self, given: Namespace) -> int:
        known = domain_names(self._system)
        if given.domain is not None and given.domain not in known:
            return _refused(unknown("domain", given.domain, known))
        if given.task is not None and not given.task.strip():
            return _refused('the task is empty: write what is to be added, e.g. --task "refund an order"')
        what = {"domain": given.domain or "", "task": given.task or ""}
        try:
            return _printed(render_context(self._system, self._root, self._environ, **what, budget=given.budget))
        except BudgetError as error:
            return _refused(str(error))

    def events(self, given: Namespace) -> int:
        return _printed(render_events(self._system, self._root))

    def tables(self, given: Namespace) -> int:
        return _printed(render_tables(self._system))

    def tools(self, given: Namespace) -> int:
        tools = {tool.name: tool for tool in self._system.tools}
        if given.tool is None:
            return _printed(render_tools(self._system))
        if given.tool not in tools:
            return _refused(unknown("tool", given.tool, tools))
        return _printed(render_tool(tools[given.tool]))

    async def why(self, given: Namespace) -> int:
        parts = {part.name: part for part in self._system.plugins}
        asked = given.plugin.removeprefix("./")
        by_file = {part.file: part for part in parts.values()}
        part = parts.get(asked.replace("/", ".")) or by_file.get(asked)
        if part is None:
            return _refused(unknown("plugin", given.plugin, parts))
        text, code = await render_why(self._system, self._root, self._environ, part)
        return _printed(text) or code

    def new(self, given: Namespace) -> int:
        try:
            written = write_new(self._system, self._root, given.kind, given.name)
        except NewFileError as error:
            return _refused(str(error), error.code)
        told = [f"wrote {file}\n" for file in written]
        next_step = f"next: `.venv/bin/python -m pytest {written[-1]}`; then `python -m manifest check --write`\n"
        return _printed("".join([*told, next_step]))


def _printed(text: str) -> int:
    print(text, end="")
    return 0


def _refused(text: str, code: int = USAGE) -> int:
    print(text, file=sys.stderr)
    return code
