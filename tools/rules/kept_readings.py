"""Readings by content, kept from one boot to the next in one file beside the bytecode, which they are as cheap as."""

import hashlib
import os
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from msgspec import DecodeError, Struct, ValidationError, json

from tools.rules.reading import Reading


class _File(Struct, array_like=True):
    rules: str
    readings: dict[str, Reading]


class KeptReadings:
    """A dict on disk, whole or not at all; what cannot be read or written is only read again next time."""

    def __init__(self, folder: Path) -> None:
        # `__pycache__`, or where PYTHONPYCACHEPREFIX says; its name has Python's version, as its grammar counts too
        self._path = Path(cache_from_source(str(folder / "rules.py"))).with_suffix(".json")
        self._rules = signature(Path(__file__).parent)  # when a rule changes, all is read anew
        self._kept, self._used = self._read(), dict[str, Reading]()

    def get(self, key: str) -> Reading | None:
        """Answer with what was kept under a key."""
        found = self._used.get(key) or self._kept.get(key)
        if found is not None:
            self._used[key] = found
        return found

    def put(self, key: str, reading: Reading) -> None:
        """Keep a reading from the next `save` on."""
        self._used[key] = reading

    def save(self) -> None:
        """Write what was used since this was made, and forget the rest; nothing is written where nothing changed."""
        if self._used.keys() == self._kept.keys():
            return
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")  # by rename: nobody ever sees half a file
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            try:
                draft.write_bytes(json.encode(_File(self._rules, self._used)))
                draft.replace(self._path)
                self._kept = dict(self._used)
            finally:
                draft.unlink(missing_ok=True)

    def _read(self) -> dict[str, Reading]:
        with suppress(OSError, DecodeError, ValidationError, RecursionError):
            found = json.decode(self._path.read_bytes(), type=_File)
            if found.rules == self._rules:
                return found.readings
        return {}


def key_of(file: str, content: bytes) -> str:
    """Make a key: what a file says counts, and where it stands, as that decides what it may import."""
    return f"{file} {hashlib.sha256(content).hexdigest()}"


def signature(folder: Path) -> str:
    """Answer with what changes when any Python file of a folder does: names, sizes, times; as bytecode has."""
    digest = hashlib.sha256()
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".py"):
                with suppress(OSError):  # an editor's dangling link, say
                    found = os.stat(path := os.path.join(place, name))
                    digest.update(f"{path} {found.st_size} {found.st_mtime_ns} ".encode())
    return digest.hexdigest()
