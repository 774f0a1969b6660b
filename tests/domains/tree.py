"""A copy of the shipped tree, changed and booted: plugins deleted, files added."""

import shutil
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import httpx

import asgi
import manifest
from kernel.boot import Kernel

DOMAINS = asgi.ROOT / "domains"
PLUGINS = sorted(str(file.relative_to(DOMAINS)) for file in DOMAINS.glob("*/plugins/*.py"))
NUMBERS = count()


def plugin_name(file: str) -> str:
    """Name a plugin as the kernel does: `users/plugins/login.py` is `users.login`."""
    return file.removesuffix(".py").replace("/plugins/", ".")


class Tree:
    """A project of its own in an empty folder: the shipped tools, and a copy of the shipped domains."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # a name of its own: Python keeps what it has imported
        self.domains = root / f"copied_domains_{next(NUMBERS)}"
        shutil.copytree(DOMAINS, self.domains, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "tools").mkdir()
        for tool in asgi.ROOT.glob("tools/*/__init__.py"):
            (root / "tools" / tool.parent.name).symlink_to(tool.parent)

    def delete(self, file: str) -> None:
        """Delete a file of the domains."""
        (self.domains / file).unlink()

    def add(self, file: str, source: str) -> None:
        """Add a file to the domains."""
        path = self.domains / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)

    def add_tool(self, name: str, source: str) -> None:
        """Add a tool that is one file."""
        (self.root / "tools" / name).mkdir()
        (self.root / "tools" / name / "__init__.py").write_text(source)

    @asynccontextmanager
    async def running(
        self, settings: Mapping[str, str] | None = None, *, disabled: Iterable[str] = (), quarantine: bool = False
    ) -> AsyncIterator[tuple[Kernel, httpx.AsyncClient]]:
        """Boot it on scratch settings, and give what stands and a client."""
        sys.path.insert(0, str(self.root))
        with manifest.scratch() as scratch:
            environ = {**scratch, **(settings or {})}
            options = manifest.KernelSettings(
                on_broken_plugin="quarantine" if quarantine else "stop", plugins_disabled=",".join(disabled)
            )
            kernel = Kernel(self.root, environ, options, ("tools", self.domains.name))
            try:
                await kernel.boot()
                assert kernel.app is not None
                async with httpx.AsyncClient(
                    transport=httpx.ASGITransport(kernel.app), base_url="http://localhost"
                ) as client:
                    yield kernel, client
            finally:
                await kernel.shutdown()
                sys.path.remove(str(self.root))
