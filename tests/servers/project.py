"""A project of its own in a temporary folder, served by uvicorn with the arguments of `scripts/serve`."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.server_process import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WAIT_S = 30.0
SHARED = ("asgi.py", "hookspecs.py", "kernel", "manifest", "tools")


def arguments() -> list[str]:
    """Read what `scripts/serve` passes to uvicorn."""
    _, _, command = (ROOT / "scripts" / "serve").read_text().rpartition("exec .venv/bin/uvicorn ")
    return [word for word in shlex.split(command.replace("\\\n", " ")) if word != "$@"]


class Project:
    """The shipped tree with other domains: `plugins` are sources by name, none is the shipped ones."""

    def __init__(self, folder: Path, plugins: Mapping[str, str] | None = None) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        for name in SHARED if plugins is not None else (*SHARED, "domains"):
            (self.folder / name).symlink_to(ROOT / name)
        for name, source in (plugins or {}).items():
            file = self.folder / "domains" / "probe" / "plugins" / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source)


class Served:
    """A server's process, its address, and what it wrote."""

    def __init__(self, project: Project, extra: Sequence[str], settings: Mapping[str, str]) -> None:
        self.port, folder = free_port(), project.folder
        self.log = folder / f"log-{self.port}"
        environ = {
            "PATH": str(BIN),
            "HOME": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/app-{self.port}.db",
            "AUTH_SECRET_FILE": str(folder / "secret"),
            "MANIFEST_PATH": "",
            **settings,
        }
        words = [sys.executable, str(BIN / "uvicorn"), *arguments(), "--port", str(self.port), *extra]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                words, cwd=folder, env=environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def wait_until_it_listens(self) -> None:
        end = time.monotonic() + WAIT_S
        while "Uvicorn running" not in self.text():
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(self.text())
            time.sleep(0.02)

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def descriptors(self) -> int:
        """Count the files and sockets that it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def served(project: Project, *extra: str, **settings: str) -> Iterator[Served]:
    """Serve it until the block ends; `extra` are further arguments."""
    server = Served(project, extra, settings)
    try:
        server.wait_until_it_listens()
        yield server
    finally:
        server.kill()
