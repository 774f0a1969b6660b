"""A file of a form, as a handler gets it."""

import os
import re
from asyncio import CancelledError
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from tools.http.forms.spool import BATCH_BYTES, Spool

PASSIVE = frozenset({
    ".aac", ".avif", ".bmp", ".csv", ".docx", ".epub", ".flac", ".gif", ".gz", ".heic", ".jpeg", ".jpg", ".json",
    ".m4a", ".md", ".mov", ".mp3", ".mp4", ".odp", ".ods", ".odt", ".ogg", ".opus", ".pdf", ".png", ".pptx", ".rtf",
    ".tif", ".tiff", ".tsv", ".txt", ".wav", ".webm", ".webp", ".xlsx", ".zip",
})  # fmt: skip
"""Extensions of what no server runs and no browser executes (OWASP File Upload cheat sheet); the rest become `.bin`."""
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_MEDIA_TYPE = re.compile(rf"{_WORD}/{_WORD}(?:\s*;[ -~]*)?")
UNKNOWN = "application/octet-stream"


class SpooledUpload:
    """See `contract.Upload`."""

    def __init__(self, filename: str, content_type: str, spool: Spool) -> None:
        self.filename = filename
        self.content_type = content_type if _MEDIA_TYPE.fullmatch(content_type) else UNKNOWN
        self.size_bytes = 0
        self._spool, self._start, self._at = spool, spool.size_bytes, 0

    def add(self, data: bytes) -> None:
        """Take in what the client sends."""
        self._spool.append(data)
        self.size_bytes += len(data)

    async def read(self, size: int = -1) -> bytes:
        left = self.size_bytes - self._at
        size = left if size < 0 else min(size, left)
        at, self._at = self._start + self._at, self._at + size
        if self._spool.is_on_disk:
            data: bytes = await self._spool.run(self._spool.read, at, size)
            return data
        return self._spool.read(at, size)

    async def move_to(self, directory: str | Path) -> Path:
        extension = PurePosixPath(self.filename.lower()).suffix
        name = f"{uuid4().hex}{extension if extension in PASSIVE else '.bin'}"
        copy = _Copy(Path(directory), name, self._parts)
        try:
            path: Path = await self._spool.run(copy.make)
        except CancelledError:
            copy.is_wanted = False
            raise
        return path

    def _parts(self) -> Iterator[bytes]:
        end = self._start + self.size_bytes
        for at in range(self._start, end, BATCH_BYTES):
            yield self._spool.read(at, min(BATCH_BYTES, end - at))


class _Copy:
    """Writes a file that is there as a whole or not at all."""

    def __init__(self, directory: Path, name: str, parts: Any) -> None:
        self._path, self._part, self._parts = directory / name, directory / f".{name}.part", parts
        self.is_wanted = True

    def make(self) -> Path:
        """Copy, make sure that it is on the disk, and only then give it its name."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with open(self._part, "xb", opener=partial(os.open, mode=0o600)) as file:
                for part in self._parts():
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            if self.is_wanted:
                self._part.rename(self._path)
            return self._path
        finally:
            self._part.unlink(missing_ok=True)
