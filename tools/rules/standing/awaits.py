"""A forgotten `await` on a method of a tool that its contract declares as `async def`."""

import inspect
from collections.abc import Iterator

from hookspecs import Finding
from tools.rules.standing.stand import Stand


def awaits(stand: Stand) -> Iterator[Finding]:
    """Warn of each: what is not awaited is not done, and a coroutine is true whatever it would answer."""
    contracts = {part.name: part.contract for part in stand.tools}
    for file, reading in stand.readings.items():
        for use in reading.uses:
            if inspect.iscoroutinefunction(getattr(contracts.get(use.tool), use.method, None)):
                message = f"{use.tool}.{use.method}(...) is not awaited, so nothing is done: write `await` before it"
                yield Finding("missing-await", message, file, use.line, is_error=False)
