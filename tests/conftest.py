"""What every test run says at its end: nothing is left out in silence."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = len(terminalreporter.stats.get("deselected", []))
    if left_out:
        terminalreporter.write_line(f"left out: {left_out} tests; everything that CI runs: scripts/test --tier ci")
