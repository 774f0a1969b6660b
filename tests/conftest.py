"""What every test run says at its end: nothing is left out in silence."""

from collections.abc import Sequence
from typing import Any

import pytest

LEFT_OUT = pytest.StashKey[int]()


def pytest_testnodedown(node: Any) -> None:
    """Take the count from pytest-xdist's workers, which all collect the same tests, to where it is printed."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    config: Any = items[0].config
    config.stash[LEFT_OUT] = config.stash.get(LEFT_OUT, 0) + len(items)
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = config.stash[LEFT_OUT]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(f"left out: {count} tests; everything that CI runs: scripts/test --tier ci")
