"""What uvicorn logs, written as all other lines are: it comes with handlers of its own, which know no redaction.

Its levels stay (`--log-level`), and so does its silence (`--no-access-log`); other servers are left alone.
"""

import logging

ACCESS = "uvicorn.access"
NAMES = ("uvicorn", ACCESS, "uvicorn.error", "uvicorn.asgi")


class UvicornLines:
    """Puts `handler` in the place of those that print."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler
        self._taken: list[tuple[logging.Logger, logging.Handler]] = []

    def take(self) -> None:
        """Take the place; handlers that are no plain stream's (files, those of a log service) stay beside it."""
        for log in map(logging.getLogger, NAMES):
            log.addFilter(self._without_query)
            printing = [one for one in log.handlers if type(one) is logging.StreamHandler]
            for one in printing:
                self._taken.append((log, one))
                log.removeHandler(one)
            if printing and not log.propagate:
                log.addHandler(self._handler)

    def give_back(self) -> None:
        """Leave uvicorn as it was."""
        for log in map(logging.getLogger, NAMES):
            log.removeFilter(self._without_query)
            log.removeHandler(self._handler)
        for log, one in reversed(self._taken):
            log.addHandler(one)
        self._taken.clear()

    def _without_query(self, record: logging.LogRecord) -> bool:
        """Cut the paths at their `?`: a query may hold a token under any name."""
        is_access = record.name == ACCESS or '"WebSocket %s"' in str(record.msg)
        if is_access and isinstance(record.args, tuple):
            record.args = tuple(one.partition("?")[0] if isinstance(one, str) else one for one in record.args)
        return True
