"""Structured logs: one line a record, without secrets, for plugins and for everything that uses `logging`."""

from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.logger.contract import Logger
from tools.logger.settings import LoggerSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `logger`."""

    def structlog_logger(environ: Mapping[str, str]) -> Logger:
        from tools.logger.structlog_logger import StructlogLogger

        return StructlogLogger(msgspec.convert(environ, LoggerSettings, strict=False))

    return [Tool("logger", Logger, LoggerSettings, structlog_logger)]
