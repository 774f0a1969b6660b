"""The logger: `logging` carries the records, structlog formats them, on one handler for the whole process."""

import logging
import sys
from collections.abc import Mapping
from typing import Self, TextIO

from hookspecs import hookimpl, owner
from tools.logger.record_format import escaped, record_format
from tools.logger.settings import LoggerSettings
from tools.logger.uvicorn_lines import UvicornLines


class StructlogLogger:
    """Keeps `Logger`."""

    def __init__(self, settings: LoggerSettings, name: str = "", bound: Mapping[str, object] | None = None) -> None:
        self._settings, self._name, self._bound = settings, name, dict(bound or {})

    @hookimpl
    async def on_boot(self) -> None:
        root, handler = logging.getLogger(), LineHandler(self._settings)
        # The way back is the only way out: what other tools log in their shutdown still finds the handler.
        owner.get().undo.callback(_remove, handler, root.level)
        root.addHandler(handler)
        root.setLevel(self._settings.log_level)
        lines = UvicornLines(handler)
        owner.get().undo.callback(lines.give_back)
        lines.take()

    def debug(self, message: str, /, **fields: object) -> None:
        self._log(logging.DEBUG, message, fields)

    def info(self, message: str, /, **fields: object) -> None:
        self._log(logging.INFO, message, fields)

    def warning(self, message: str, /, **fields: object) -> None:
        self._log(logging.WARNING, message, fields)

    def error(self, message: str, /, **fields: object) -> None:
        self._log(logging.ERROR, message, fields)

    def exception(self, message: str, /, **fields: object) -> None:
        self._log(logging.ERROR, message, fields, has_traceback=True)

    def bind(self, **fields: object) -> Self:
        return type(self)(self._settings, self._name or owner.get().name, {**self._bound, **fields})

    def _log(self, level: int, message: str, fields: dict[str, object], *, has_traceback: bool = False) -> None:
        log = logging.getLogger(self._name or owner.get().name or "app")
        if log.isEnabledFor(level):
            # Under one name of its own: a field may be called as an attribute of a record is.
            log.log(level, message, exc_info=has_traceback, extra={"fields": {**self._bound, **fields}})


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes to stderr."""

    def __init__(self, settings: LoggerSettings) -> None:
        super().__init__(sys.stderr)
        is_terminal = sys.stderr.isatty()
        is_auto_console = settings.log_format == "auto" and settings.env == "development" and is_terminal
        is_console = settings.log_format == "console" or is_auto_console
        self.setFormatter(record_format(is_console=is_console, has_colours=is_terminal))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (the name in `logging`)
        """Say in one line that a record was lost; `logging` would print its arguments, and secrets with them."""
        error = sys.exc_info()[0]
        line = f"logger lost a record of {record.name!r}, {record.filename}:{record.lineno}: {error and error.__name__}"
        try:
            self.stream.write(escaped(line) + self.terminator)
            self.flush()
        except (OSError, ValueError):  # a closed stderr: there is nowhere left to say it
            return


def _remove(handler: logging.Handler, level: int) -> None:
    logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel(level)
    handler.close()
