"""Where the bytes of a form's files lie until the answer is sent: in memory while they are few, else in one file.

The file has no name (`O_TMPFILE`, or unlinked at once), so nothing of it is left whatever becomes of the process; it
lies where `TMPDIR` says. It is written and read in threads: a disk may stall.
"""

import logging
import os
from tempfile import TemporaryFile
from typing import IO

from hookspecs import Run
from tools.http.problem import Problem

log = logging.getLogger(__name__)
MEMORY_BYTES = 1_048_576
BATCH_BYTES = 262_144  # a thread costs more than what a server passes on at a time is worth


class Spool:
    """The bytes of all files of one form, one after the other."""

    def __init__(self, memory_bytes: int, run: Run) -> None:
        self.size_bytes = 0
        self.run, self._memory_bytes = run, memory_bytes
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._is_closed = False

    def append(self, data: bytes) -> None:
        """Take bytes in; `await settle()` before there are many."""
        self._memory += data
        self.size_bytes += len(data)

    async def settle(self, *, is_end: bool = False) -> None:
        """Move to the disk what is too much for memory.

        Raises:
            Problem: 507, the disk takes no more.
        """
        room = self._memory_bytes if self._file is None else 0 if is_end else BATCH_BYTES
        if len(self._memory) <= room:
            return
        data, self._memory = self._memory, bytearray()
        try:
            await self.run(self._write, data)
        except OSError as error:
            log.error("a form's files cannot be stored: %s: make room, or set TMPDIR to where there is some", error)
            raise Problem(507, "there is no room for the files now", is_last=True) from error

    def read(self, start: int, size: int) -> bytes:
        """Read from anywhere, once all is settled; in a thread where `is_on_disk`.

        Raises:
            RuntimeError: the answer is sent, and the bytes are gone.
        """
        if self._is_closed:
            raise RuntimeError("an upload was read after its answer was sent: keep it with `move_to`")
        if self._file is None:
            return bytes(self._memory[start : start + size])
        return os.pread(self._file.fileno(), size, start)

    @property
    def is_on_disk(self) -> bool:
        """Whether reading may take its time."""
        return self._file is not None

    def close(self) -> None:
        """Drop the bytes."""
        self._is_closed = True
        self._memory = bytearray()
        if self._file is not None:
            self._file.close()

    def _write(self, data: bytearray) -> None:
        if self._file is None:
            self._file = TemporaryFile(prefix="upload-")  # noqa: SIM115 (closed by `close`)
        if self._is_closed:  # while this thread was on its way
            self._file.close()
            return
        self._file.write(data)
        self._file.flush()
