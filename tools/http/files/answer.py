"""A file as an answer: Starlette's FileResponse, and what RFC 9110 asks for beyond it (sections 13 and 14)."""

import os
import stat
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response

from tools.http.files.ranges import satisfiable
from tools.http.problem import Problem

KEPT = ("cache-control", "content-location", "content-security-policy", "etag", "expires", "last-modified", "vary")


class FileAnswer(Response):
    """Answers with a file, or that the client has it already (304), or that it means another (412)."""

    def __init__(self, file: FileResponse) -> None:
        self._file = file
        self.status_code, self.raw_headers, self.background = file.status_code, file.raw_headers, file.background

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Write the answer.

        Raises:
            Problem: 412, a precondition is not met; 416, no range lies in the file.
        """
        app: Any = self._file
        if self._file.status_code == 200 and scope["method"] in ("GET", "HEAD") and await self._has_facts():
            headers = Headers(scope=scope)
            if is_unmodified(headers, self._file.headers):
                app = _not_modified(self._file)
            elif "range" in headers:
                scope = self._with_plain_range(scope, headers)
        await app(scope, receive, send)

    async def _has_facts(self) -> bool:
        """Whether it is there and a file; Starlette says what is wrong if not."""
        file = self._file
        if file.stat_result is None:
            try:
                file.stat_result = await to_thread.run_sync(os.stat, file.path)
            except OSError:
                return False
            if stat.S_ISREG(file.stat_result.st_mode):
                file.set_stat_headers(file.stat_result)
            else:
                file.stat_result = None
        return file.stat_result is not None

    def _with_plain_range(self, scope: Any, headers: Headers) -> Any:
        """Leave the ranges of a GET that mean this version (section 13.1.5); a HEAD has none (section 14.2)."""
        own, condition = self._file.headers, headers.get("if-range")
        is_meant = condition is None or (
            not condition.startswith("W/") and condition in (own["etag"], own["last-modified"])
        )
        others = [(name, value) for name, value in scope["headers"] if name not in (b"range", b"if-range")]
        assert self._file.stat_result is not None
        size_bytes = self._file.stat_result.st_size
        plain = satisfiable(headers["range"], size_bytes) if is_meant and scope["method"] == "GET" else None
        return {**scope, "headers": others if plain is None else [*others, (b"range", plain.encode())]}


def is_unmodified(asked: Headers, own: Headers) -> bool:
    """Whether the client has this version, in the order of RFC 9110 section 13.2.2.

    Raises:
        Problem: 412, it asks for another version than this.
    """
    etag, modified = own["etag"], _date(own["last-modified"])
    if "if-match" in asked:
        if not _names(asked, "if-match", etag) and asked["if-match"].strip() != "*":
            raise Problem(412, "the file is another version")
    elif (since := _date(asked.get("if-unmodified-since"))) and modified and modified > since:
        raise Problem(412, "the file was changed since then")
    if "if-none-match" in asked:
        return asked["if-none-match"].strip() == "*" or _names(asked, "if-none-match", etag, is_weak=True)
    since = _date(asked.get("if-modified-since"))
    return since is not None and modified is not None and modified <= since


def _names(asked: Headers, header: str, etag: str, *, is_weak: bool = False) -> bool:
    tags = [tag.strip() for line in asked.getlist(header) for tag in line.split(",")]
    if is_weak:
        return etag.removeprefix("W/") in [tag.removeprefix("W/") for tag in tags]
    return etag in tags and not etag.startswith("W/")


def _date(text: str | None) -> datetime | None:
    """Read a date; one that cannot be read is not there."""
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date


def _not_modified(file: FileResponse) -> Response:
    headers = {name: value for name, value in file.headers.items() if name in KEPT}
    return Response(status_code=304, headers=headers, background=file.background)
