"""What a handler takes or answers beside Structs of its own: files, events of a stream."""

from pathlib import Path
from typing import Any, NamedTuple, Protocol


class ServerEvent(NamedTuple):
    """One event of `add_sse`; a client that comes back sends the last `id` that it saw as `Last-Event-ID`."""

    data: Any
    event: str = ""
    id: str = ""
    retry_ms: int | None = None


class Upload(Protocol):
    """A file of a form: in memory while small, else on disk until the answer is sent; `move_to` keeps it."""

    filename: str
    """As the client wrote it: show it, never use it as a path."""
    content_type: str
    size_bytes: int

    async def read(self, size: int = -1) -> bytes:
        """Read the next bytes, or all that are left."""
        ...

    async def move_to(self, directory: str | Path) -> Path:
        """Keep the file in `directory`, made if it is not there, under a generated name, and answer with its path."""
        ...
