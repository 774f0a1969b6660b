"""What one record looks like: JSON, or a line for the console. Everything that logs passes through here.

time, level, logger, message -> ids of the trace -> fields, redacted -> traceback -> JSON | escaped, console line
"""

import logging
import re
import traceback
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from hookspecs import trace
from tools.logger.redaction import REDACTED, is_secret, plain, redacted

OURS = frozenset({"timestamp", "level", "logger", "message", "event", "exception", "stack"})
# C0, DEL, C1, line and paragraph separators, bidirectional overrides, lone surrogates
_control = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_frame = re.compile(r'[ |+-]*File "')


def record_format(*, is_console: bool, has_colours: bool = False) -> logging.Formatter:
    """Make the formatter of the one handler."""
    processors: list[Any] = [structlog.processors.TimeStamper(fmt="iso", utc=True), _compose]
    if is_console:
        console = structlog.dev.ConsoleRenderer(
            colors=has_colours,
            sort_keys=False,
            event_key="message",
            exception_formatter=structlog.dev.plain_traceback,
        )
        processors += [_escape, console]
    else:
        processors.append(structlog.processors.JSONRenderer())  # its json escapes all that is not printable ASCII
    return structlog.stdlib.ProcessorFormatter(processors=processors)


def escaped(text: str) -> str:
    r"""Write control characters as what they are called, so that no text starts a line or paints one.

    >>> print(escaped("a\nb \x1b[31mred"))
    a\nb \x1b[31mred
    """
    return _control.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _compose(_logger: WrappedLogger, _level: str, given: EventDict) -> EventDict:
    record: logging.LogRecord = given["_record"]
    composed: EventDict = {
        "timestamp": given["timestamp"],
        "level": record.levelname.lower(),
        "logger": redacted(record.name),
        "message": redacted(str(given["event"])),
    }
    cause = trace.get()
    ids = {"request_id": cause.request_id, "event_id": cause.event_id, "trace_id": cause.trace_id}
    composed.update((name, redacted(value)) for name, value in ids.items() if value)
    for name, value in getattr(record, "fields", {}).items():
        key = f"{name}_" if name in OURS or name in composed else name
        composed[redacted(key)] = REDACTED if is_secret(name) else plain(value)
    if text := _traceback(*(given.get("exc_info") or (None, None, None))):
        composed["exception"] = text
    if stack := given.get("stack_info"):
        composed["stack"] = redacted(str(stack))
    return composed


def _traceback(kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> str:
    if kind is None or error is None:
        return ""
    parts = traceback.TracebackException(kind, error, where, compact=True).format()
    # A frame has lines of its own, taken from our source; a line break anywhere else came in with a message.
    lines = [part if _frame.match(part) else escaped(part.strip("\n")) + "\n" for part in parts]
    return "\n".join(redacted(line) for line in "".join(lines).rstrip("\n").split("\n"))


def _escape(_logger: WrappedLogger, _level: str, composed: EventDict) -> EventDict:
    lines = {name: composed.pop(name) for name in ("exception", "stack") if name in composed}
    one_line = {escaped(name): _shown(value) for name, value in composed.items()}
    indented = {name: "\n".join(f"    {escaped(line)}" for line in text.split("\n")) for name, text in lines.items()}
    return one_line | indented


def _shown(value: object) -> str:
    return escaped(value if isinstance(value, str) else repr(value))
