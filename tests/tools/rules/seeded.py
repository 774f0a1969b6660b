"""A throwaway project with the shipped tools, in whose files a mark stands at the end of each line that breaks a rule.

`# ! <code>` marks an error, `# ? <code>` a warning, in SQL after `--`; the marks are not written to the files.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import asgi
import manifest
from hookspecs import Fact, Finding, Part
from kernel.boot import Kernel

NUMBERS = count()
MARK = re.compile(r"  (?:#|--) (?P<grade>[!?]) (?P<code>[\w-]+)$", re.MULTILINE)
REFUSED = re.compile(r"(?P<file>[^\s:;]+):(?P<line>\d+): (?P<message>.+?) \[(?P<code>[\w-]+)\](?:; |$)")
FOLDER = "DOMAINS"
"""What a source writes for the folder of its domains, whose name no other test uses."""


class Seen(NamedTuple):
    """A finding without its words."""

    file: str
    line: int
    code: str
    is_error: bool


class Booted(NamedTuple):
    """What a boot found."""

    findings: list[Finding]
    plugins: dict[str, Part]
    facts: list[Fact]
    errors: list[str]

    @property
    def seen(self) -> list[Seen]:
        """List what was found, in order."""
        return sorted(Seen(one.file, one.line, one.code, one.is_error) for one in self.findings)


class Seeded:
    """Files by name, below `domains/` where they begin with a domain's; `tools/...` is a tool's."""

    def __init__(self, root: Path, files: Mapping[str, str]) -> None:
        self.root, self.folder = root, f"seeded_{next(NUMBERS)}"
        self.marked: list[Seen] = []
        (root / "tools").mkdir()
        for tool in asgi.ROOT.glob("tools/*/__init__.py"):
            (root / "tools" / tool.parent.name).symlink_to(tool.parent)
        for name, source in files.items():
            self.write(name, source)

    def write(self, name: str, source: str) -> None:
        """Write a file without its marks, and remember those."""
        path = name if name.startswith("tools/") else f"{self.folder}/{name}"
        lines = source.replace(FOLDER, self.folder).splitlines()
        for number, line in enumerate(lines, 1):
            if mark := MARK.search(line):
                self.marked.append(Seen(path, number, mark["code"], mark["grade"] == "!"))
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(MARK.sub("", line) for line in lines) + "\n")

    async def boot(self, settings: Mapping[str, str] | None = None) -> Booted:
        """Boot without what is broken, as `python -m manifest check` does, and end."""
        with self.importable(), manifest.scratch() as scratch:
            kernel = self.kernel({**scratch, **(settings or {})})
            await kernel.boot(consume=False)
            await kernel.shutdown()
        return booted(kernel)

    def kernel(self, environ: Mapping[str, str], on_broken_plugin: str = "quarantine") -> Kernel:
        """Make the kernel of what stands in the folder now."""
        options = manifest.KernelSettings(on_broken_plugin="stop" if on_broken_plugin == "stop" else "quarantine")
        return Kernel(self.root, environ, options, ("tools", self.folder))

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Let Python find the project's files."""
        sys.path.insert(0, str(self.root))
        try:
            yield
        finally:
            sys.path.remove(str(self.root))


def booted(kernel: Kernel) -> Booted:
    """Take what was found: by `check`, and in the files that were refused."""
    system = kernel.system
    broken = [part.error for part in system.plugins if part.state == "broken"]
    refused = [Finding(hit["code"], hit["message"], hit["file"], int(hit["line"]))
               for error in broken for hit in REFUSED.finditer(error)]  # fmt: skip
    others = [error for error in broken if not REFUSED.search(error)]
    plugins = {part.name: part for part in system.plugins}
    return Booted([*system.findings, *refused], plugins, system.facts, others)


async def boot_at(root: Path, folder: str) -> None:
    """Boot what stands in a folder, in a process of its own."""
    with manifest.scratch() as environ:
        kernel = Kernel(root, environ, manifest.KernelSettings(), ("tools", folder))
        await kernel.boot()
        await kernel.shutdown()
