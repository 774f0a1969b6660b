"""A system on the real settings in a process of its own, made anew when the project's files have changed.

Python keeps what it has imported: only a new process sees what an author has just written. A system that does not boot
ends no connection: what it says is the answer.
"""

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tools.assistant.asked import ForCall, ForLogs, ForTrace
from tools.assistant.redaction import redacted
from tools.assistant.routes import RefusedError

COMMAND = "mcp-system"
BOOTED = b'{"mcp": "booted"}\n'
LONGEST_S = 60.0
LARGEST_LINE = 16 * 1_048_576
_LOOKS_ONLY = {"DB_MIGRATE": "false", "DB_CREATE": "false", "ON_BROKEN_PLUGIN": "quarantine"}
_SOURCES = ("tools", "domains", "kernel", "manifest")

Fingerprint = frozenset[tuple[str, int, int]]


class LiveProcess:
    """Keeps `Live` by asking that process, one call at a time."""

    def __init__(self, root: Path) -> None:
        self._root, self._turn = root, asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._seen: Fingerprint = frozenset()
        self._said: deque[str] = deque(maxlen=60)
        self._relay: asyncio.Task[None] | None = None
        self._has_booted = False

    async def try_call(self, asked: ForCall) -> str:
        return await self._ask("try_call", asked)

    async def logs(self, asked: ForLogs) -> str:
        return await self._ask("logs", asked)

    async def trace(self, asked: ForTrace) -> str:
        return await self._ask("trace", asked)

    async def close(self) -> None:
        """End it, first by closing its stdin, then by force."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None, "it has a pipe"
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._relay is not None:
            await self._relay

    async def _ask(self, name: str, asked: Any) -> str:
        question = json.dumps({"name": name, "arguments": msgspec.to_builtins(asked)}).encode() + b"\n"
        async with self._turn:
            try:
                async with asyncio.timeout(LONGEST_S):
                    process = await self._fresh()
                    answer = await self._answered(process, question)
            except TimeoutError as error:
                await self._kill()
                stuck = "something there blocks for ever, or the boot takes too long"
                raise RefusedError(f"no answer within {LONGEST_S:g} s, so the process was ended: {stuck}") from error
            except BaseException:  # whoever asks next must not get this answer
                await self._kill()
                raise
        if answer["is_error"]:
            raise RefusedError(answer["text"])
        text: str = answer["text"]
        return text

    async def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self.close()

    async def _answered(self, process: asyncio.subprocess.Process, question: bytes) -> Mapping[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(question)
            await process.stdin.drain()
        except OSError:
            pass  # it has ended: what it said tells why
        while line := await process.stdout.readline():
            if line == BOOTED:
                self._has_booted = True
            elif line.startswith(b'{"mcp":'):  # anything else is what a plugin printed while it was imported
                answer: Mapping[str, Any] = json.loads(line)["mcp"]
                return answer
        code = await process.wait()
        if self._relay is not None:
            await self._relay
        said = redacted("\n".join(self._said)).strip()
        how = "does not boot on the settings of this machine"
        how = f"ended itself while it was asked, with exit code {code}" if self._has_booted else how
        raise RefusedError(f"the system {how}:\n{said}")

    async def _fresh(self) -> asyncio.subprocess.Process:
        seen = fingerprint(self._root)
        if self._process is not None and (seen != self._seen or self._process.returncode is not None):
            await self.close()
        if self._process is None:
            self._seen, self._has_booted = seen, False
            self._said.clear()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "manifest", COMMAND, cwd=self._root, env={**os.environ, **_LOOKS_ONLY},
                limit=LARGEST_LINE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            self._relay = asyncio.create_task(self._passed_on(self._process))
        return self._process

    async def _passed_on(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            text = line.decode("utf-8", "replace").rstrip()
            self._said.append(text)
            sys.stderr.write(f"{text}\n")


def fingerprint(root: Path) -> Fingerprint:
    """Tell the sources of a project from those of another time: names, times and sizes."""
    files = [*root.glob("*.py"), *(one for name in _SOURCES for one in (root / name).rglob("*.py"))]
    files += (root / "domains").rglob("*.sql")
    return frozenset((str(one), state.st_mtime_ns, state.st_size) for one in files if (state := one.stat()))
