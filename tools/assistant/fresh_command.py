"""Answers that `python -m manifest` gives in a new process: from the files as they are now, on scratch settings."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.assistant.redaction import redacted
from tools.assistant.routes import RefusedError

LONGEST_S = 60.0
SOURCE = "\n\n```"


class Fitted(str):
    """A text that is within its budget already, by a better count than ours."""

    __slots__ = ()


class FreshCommand:
    """Runs a command of the project in `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def run(self, arguments: Sequence[str]) -> tuple[int, str]:
        """Answer with its exit code, and what it printed; what went wrong with it is in the text too."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "manifest", *arguments, cwd=self._root,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(LONGEST_S):
                said, complained = await process.communicate()
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        code, text = process.returncode or 0, said.decode("utf-8", "replace")
        if code and not text:
            text = redacted(complained.decode("utf-8", "replace"))
        return code, text

    async def context(self, task: str, domain: str, budget: int) -> str:
        """Answer as `show` does, which has chosen what to leave out.

        Raises:
            RefusedError: it knows no such domain, or has no room.
        """
        if task and domain:
            raise RefusedError("give a task or a domain: a task chooses its domains by itself")
        about = [f"--task={task}"] if task else ["--", domain] if domain else []  # whatever they begin with
        code, text = await self.run(["show", "--budget", str(budget), *about])
        if code:
            raise RefusedError(text.strip())
        return Fitted(text)
