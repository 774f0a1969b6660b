"""The last records that this process logged, each as one compact text without secrets."""

import logging
import traceback
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from hookspecs import trace
from tools.assistant.redaction import is_secret, redacted
from tools.assistant.rehearsal import current

KEPT = 1_000
LONGEST = 4_000
_OWN = ("mcp.", "tools.assistant.")


class Kept(NamedTuple):
    """One record."""

    at_utc: str
    level: int
    text: str


class RecordRing(logging.Handler):
    """Keeps the newest; what a rehearsed call logs is kept with that call too."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.kept: deque[Kept] = deque(maxlen=KEPT)
        self.root = root

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_OWN):
            return
        try:
            at_utc = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
            text = " ".join([record.levelname.lower(), record.name, *self._parts(record)])[:LONGEST]
            self.kept.append(Kept(at_utc, record.levelno, text))
            rehearsal = current.get()
            if rehearsal is not None and not rehearsal.is_over:
                rehearsal.add(text)
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (the name in `logging`)
        """Lose it: the handler that writes tells of a record that cannot be written."""

    def newest(self, level: int, since: str) -> Iterator[str]:
        """Yield records from the newest on, of a level at least and after a time."""
        for one in reversed(self.kept):
            if since and one.at_utc <= since:
                return
            if one.level >= level:
                yield f"{one.at_utc} {one.text}"

    def _parts(self, record: logging.LogRecord) -> Iterator[str]:
        yield _one_line(redacted(record.getMessage()))
        for name, value in getattr(record, "fields", {}).items():
            yield f"{name}={'[redacted]' if is_secret(name) else _one_line(redacted(_text(value)))}"
        if trace_id := trace.get().trace_id:
            yield f"trace_id={_one_line(trace_id)}"
        if record.exc_info and record.exc_info[1] is not None:
            yield from self._error(record.exc_info[1])

    def _error(self, error: BaseException) -> Iterator[str]:
        """Tell an error and its causes by the lines of the project that led to it: those can be corrected."""
        seen: set[int] = set()
        link: BaseException | None = error
        while link is not None and id(link) not in seen:
            seen.add(id(link))
            frames = [
                f"{Path(one.filename).relative_to(self.root)}:{one.lineno}"
                for one in traceback.extract_tb(link.__traceback__)
                if self.root in Path(one.filename).parents and ".venv" not in one.filename
            ]
            yield f"\n  {type(link).__name__}: {_one_line(redacted(str(link)))}"
            yield f"at {' > '.join(frames[-4:])}" if frames else ""
            link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)


def _one_line(text: str) -> str:
    """Write what starts a line, or cannot be seen, as what it is called: no record looks like two."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape", "replace").decode() for sign in text)
