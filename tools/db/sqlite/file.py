"""The file: where the URL says it is, who may read it, and how each connection to it is set up."""

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from databases import DatabaseURL

from tools.db.contract import DbError, Unavailable

_WAL_TRY_EVERY_S = 0.02


class FileConnection(sqlite3.Connection):
    """A connection that knows its file, for whoever finds in a thread that it is damaged."""

    file: "SqliteFile"


class SqliteFile:
    """The database that a URL names; `path` is None in memory.

    Raises:
        ValueError: the URL names no SQLite database.
    """

    def __init__(self, url: str, wait_s: float) -> None:
        self.path = _path(url)
        self._wait_s = wait_s
        self._is_in_use = False
        self._opened: tuple[int, int] | None = None
        self.damage = ""
        """What SQLite said of it; from then on nothing is written to it: that would only damage more."""

    def create(self) -> None:
        """Make the folder, and the file if there is none: only its owner may read it."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # not opened where it exists: closing it would drop the locks of this process's other connections
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))

    def check(self) -> None:
        """Refuse a file that is not there: SQLite would make an empty one in its place."""
        if self.path is not None and not self.path.exists():
            raise DbError(
                f"db finds no file {self.path}: correct DATABASE_URL, or make it with `python -m manifest migrate`"
            )

    def connect(self, *, is_reader: bool = False) -> sqlite3.Connection:
        """Open a connection, in its thread; a reader may only read."""
        if self.path is None and self._is_in_use:
            raise sqlite3.OperationalError("the database in memory was lost with its connection")
        self._is_in_use = True
        raw = sqlite3.connect(
            self.path or ":memory:",
            isolation_level=None,
            detect_types=sqlite3.PARSE_DECLTYPES,
            factory=FileConnection,
        )
        raw.file = self
        try:
            self.configure(raw, is_reader=is_reader)
            if self.path is not None and not is_reader:
                self._use_wal(raw)
            self.check_same()
        except BaseException:
            raw.close()
            raise
        return raw

    def check_same(self) -> None:
        """Refuse a file that was deleted or replaced since the first connection: what is written there is lost.

        Raises:
            Unavailable: it is not the one that was opened.
        """
        if self.path is None:
            return
        try:
            found = self.path.stat()
            now = found.st_dev, found.st_ino
        except FileNotFoundError:
            now = None
        self._opened = self._opened or now
        if now is None or now != self._opened:
            raise Unavailable(f"{self.path} was deleted or replaced: start again, what was written since is not in it")

    def configure(self, raw: sqlite3.Connection, *, is_reader: bool = False) -> None:
        """Set what SQLite forgets with each connection."""
        raw.execute(f"PRAGMA busy_timeout = {int(self._wait_s * 1000)}")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute("PRAGMA trusted_schema = OFF")
        raw.execute(f"PRAGMA query_only = {'ON' if is_reader else 'OFF'}")

    def _use_wal(self, raw: sqlite3.Connection) -> None:
        """Ask again while another process does the same: the switch to WAL does not keep to busy_timeout."""
        end = time.monotonic() + self._wait_s
        while True:
            try:
                raw.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(_WAL_TRY_EVERY_S)


def _path(url: str) -> Path | None:
    """The path of `sqlite:///data/app.db`.

    >>> _path("sqlite:////var/lib/app.db").as_posix(), _path("sqlite://")
    ('/var/lib/app.db', None)
    """
    if url == ":memory:":
        return None
    if "://" not in url or url.count(":///") > 1:
        raise ValueError(f"DATABASE_URL is {url!r}: write sqlite:///data/app.db, or sqlite:////var/lib/app.db")
    parsed = DatabaseURL(url)
    if parsed.dialect != "sqlite" or parsed.driver not in ("", "aiosqlite"):
        raise ValueError(f"DATABASE_URL begins with {parsed.scheme!r}: write sqlite:///... or postgresql://...")
    if parsed.netloc or parsed.options:
        raise ValueError("DATABASE_URL has a host or options, which a file has not: write sqlite:///data/app.db")
    return None if parsed.database in ("", ":memory:") else Path(parsed.database).absolute()
