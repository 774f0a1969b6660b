"""A hook that blocks the event loop for good ends the process, and is named."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.kernel.throwaway import Project

PROGRAM = """
import asyncio, sys
from pathlib import Path
from kernel.boot import Kernel
from manifest import KernelSettings
from tests.kernel.throwaway import Board
settings = KernelSettings(boot_timeout_s=0.5, shutdown_timeout_s=0.5)
kernel = Kernel(Path({root!r}), {{"BOARD": Board()}}, settings, {folders!r})
async def main():
    await kernel.boot()
    await kernel.shutdown()
asyncio.run(main())
"""
FOREVER = "@hookimpl\nasync def {hook}(self):\n    while True: pass"


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["on_boot", "on_ready", "on_shutdown"])
def test_a_hook_that_blocks_the_loop_ends_the_process_with_its_file_and_line(project: Project, hook: str) -> None:
    project.plugin("shop.greet", FOREVER.format(hook=hook))
    path = f"{project.root}:{Path(__file__).parents[2]}"
    program = PROGRAM.format(root=str(project.root), folders=project.folders)
    started = time.monotonic()

    ended = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": path}, capture_output=True, text=True, timeout=30
    )

    assert ended.returncode != 0
    assert time.monotonic() - started < 10
    assert f'shop/plugins/greet.py", line 8 in {hook}' in ended.stderr
