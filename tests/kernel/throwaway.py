"""A throwaway project: folders of made-up tools and domains under names that no other test uses."""

from itertools import count
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from hookspecs import Part, owner
from kernel.boot import Kernel
from kernel.errors import BootError
from manifest import KernelSettings

HEAD = "from hookspecs import Command, Fact, Finding, Middleware, Refusal, Tool, hookimpl, owner\n"
NUMBERS = count()


class Board:
    """Takes registrations, as a tool does, and notes what happens."""

    def __init__(self) -> None:
        self.notes: list[Any] = []
        self.pinned: dict[str, Part] = {}

    def note(self, what: Any) -> None:
        """Remember `what`."""
        self.notes.append(what)

    def pin(self, what: str) -> None:
        """Register `what`, which only one owner may."""
        who = owner.get()
        if what in self.pinned:
            raise ValueError(f"{what} is pinned by {self.pinned[what]} already")
        who.undo.callback(self.pinned.pop, what)
        self.pinned[what] = who


class Project:
    """Write tools and plugins into it, make its kernel, boot."""

    def __init__(self, root: Path) -> None:
        number = next(NUMBERS)
        self.root, self.folders = root, (f"made_{number}_tools", f"made_{number}_domains")
        self.board = Board()
        self.environ: dict[str, Any] = {"BOARD": self.board}
        board = 'Tool("board", Board, None, lambda environ: environ["BOARD"])'
        self.module("board", f"from tests.kernel.throwaway import Board\n{offering(board)}")

    def module(self, name: str, source: str) -> None:
        """Write `tools/<name>/__init__.py`: this source after the line HEAD."""
        self._write(f"{self.folders[0]}/{name}/__init__.py", HEAD + dedent(source))

    def tool(self, name: str, body: str = "pass", settings: str = "None") -> None:
        """Write a tool whose class has this body, from line 5 on; it is made without arguments."""
        work = f"\n\nclass Work:\n{indent(dedent(body), '    ')}\n\n"
        self.module(name, work + offering(f'Tool("{name}", Work, {settings}, lambda environ: Work())'))

    def plugin(self, name: str, body: str) -> None:
        """Write a plugin whose class `Feature` has this body, from line 5 on; `board` is asked for."""
        init = "" if "__init__" in body else "def __init__(self, board): self.board = board\n"
        self.file(name, f"\n\nclass Feature:\n{indent(init + dedent(body), '    ')}\n")

    def file(self, name: str, source: str) -> None:
        """Write the file of the plugin `<domain>.<feature>`: this source after the line HEAD."""
        domain, _, feature = name.partition(".")
        self._write(f"{self.folders[1]}/{domain}/plugins/{feature}.py", HEAD + dedent(source))

    def kernel(self, **options: Any) -> Kernel:
        """Make the kernel of what stands in the folder now."""
        options = {"boot_timeout_s": 5.0, "shutdown_timeout_s": 5.0, **options}
        return Kernel(self.root, self.environ, KernelSettings(**options), self.folders)

    async def booted(self, **options: Any) -> Kernel:
        """Boot; the test shuts it down if that matters to it."""
        kernel = self.kernel(**options)
        await kernel.boot()
        return kernel

    async def errors(self, **options: Any) -> list[str]:
        """Boot what does not, and answer with every error's text, the folders' numbers left out."""
        with pytest.raises(BootError) as stopped:
            await self.kernel(**options).boot()
        return [self.plain(str(error)) for error in stopped.value.exceptions]

    def plain(self, text: str) -> str:
        """Write this project's folders as `tools` and `domains`."""
        return text.replace(self.folders[0], "tools").replace(self.folders[1], "domains")

    def part(self, kernel: Kernel, name: str) -> Part:
        """Find a tool or a plugin by its name."""
        return next(part for part in [*kernel.system.tools, *kernel.system.plugins] if part.name == name)

    def _write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def offering(*tools: str) -> str:
    """Write the hook that offers these tools."""
    return f"@hookimpl\ndef register_tools():\n    return [{', '.join(tools)}]\n"
