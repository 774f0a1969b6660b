"""Answers that `python -m manifest` gives in a new process: from the files as they are now, on scratch settings."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.assistant.redaction import redacted

LONGEST_S = 60.0
_NO_SUCH_OPTION = 2
SOURCE = "\n\n```"


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
        """Answer as `show` does; with a task, as far as this version of it knows tasks and budgets."""
        asked = ["show", *([domain] if domain else [])]
        if not task:
            return (await self.run(asked))[1]
        code, text = await self.run([*asked, "--task", task, "--budget", str(budget)])
        if code == _NO_SUCH_OPTION and "unrecognized arguments" in text:
            return f"(`show` knows no tasks here: this is all)\n{(await self.run(asked))[1]}"
        return text
