"""A directory of files, by an allow-list: Starlette's StaticFiles looks up, what may be named is decided here."""

import os
from collections.abc import Sequence
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from tools.http.contract import RouteError
from tools.http.files.answer import FileAnswer
from tools.http.problem import Problem

# Said here, since Python's table depends on the machine's; the keys are what web pages are made of
MEDIA_TYPES = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript",
    ".map": "application/json", ".json": "application/json", ".txt": "text/plain", ".xml": "application/xml",
    ".webmanifest": "application/manifest+json", ".wasm": "application/wasm", ".pdf": "application/pdf",
    ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
    ".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon",
    ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
    ".mp4": "video/mp4", ".webm": "video/webm", ".mp3": "audio/mpeg",
}  # fmt: skip
POLICY = "default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'; form-action 'self'"
WELL_KNOWN = ".well-known"  # RFC 8615
NOWHERE = "nothing is here"


class StaticDirectory:
    """The files of one directory, for the routes `path/{rest:path}` and, with `html`, `path`."""

    def __init__(
        self,
        directory: Path,
        *,
        allow: Sequence[str] = (),
        html: bool = False,
        max_age_s: int = 0,
        is_private: bool = False,
    ) -> None:
        if not directory.is_dir():
            raise RouteError(f"static directory {str(directory)!r} is not there: create it, or correct its path")
        if max_age_s < 0:
            raise RouteError(f"static directory {str(directory)!r}: max_age_s is {max_age_s}: use 0 or more")
        suffixes = {f".{one.lower().removeprefix('.')}" for one in allow or MEDIA_TYPES}
        self._files = _Files(directory, suffixes | {".html"} if html else suffixes)
        self._html = html
        caching = f"{'private, ' if is_private else ''}max-age={max_age_s}" if max_age_s else "no-cache"
        self._headers = {"cache-control": caching, "content-security-policy": POLICY}

    async def file(self, rest: str, request: Request) -> Response:
        """Serve a file of the directory."""
        is_directory = not rest or rest.endswith("/")
        if is_directory and not self._html:
            raise Problem(404, NOWHERE)
        found = await self._find(f"{rest}index.html" if is_directory else rest, request)
        if found is None and self._html and not is_directory and await self._find(f"{rest}/index.html", request):
            return _with_slash(request)
        if found is None:
            raise Problem(404, NOWHERE)
        found.headers.update(self._headers)
        return FileAnswer(found)

    async def index(self, request: Request) -> Response:
        """Send on to the directory's `index.html`."""
        return _with_slash(request)

    async def _find(self, path: str, request: Request) -> FileResponse | None:
        if not self._files.may_name(path):
            return None
        try:
            found = await self._files.get_response(path, request.scope)
        except (HTTPException, OSError):  # not there; not ours to read; a circle of links
            return None
        return found if isinstance(found, FileResponse) else None


class _Files(StaticFiles):
    """Starlette's lookup, which follows no link out of the directory; ours follows none to what may not be named."""

    def __init__(self, directory: Path, suffixes: set[str]) -> None:
        super().__init__(directory=directory)
        self._root, self._suffixes = os.path.realpath(directory), suffixes

    def may_name(self, path: str) -> bool:
        """Whether a file of this name is served at all."""
        first, *segments = path.split("/")
        hidden = [one for one in (*segments, first if first != WELL_KNOWN else "_") if not one or one[0] == "."]
        return not hidden and path.isprintable() and "\\" not in path and _suffix(path) in self._suffixes

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        full_path, facts = super().lookup_path(path)
        is_served = facts is not None and self.may_name(os.path.relpath(full_path, self._root))
        return (full_path, facts) if is_served and os.access(full_path, os.R_OK) else ("", None)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: object, status_code: int = 200
    ) -> FileResponse:
        name = str(full_path)
        kind = MEDIA_TYPES.get(_suffix(name)) or guess_type(name)[0]
        return FileResponse(full_path, status_code, media_type=kind, stat_result=stat_result)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _with_slash(request: Request) -> Response:
    """Send on to the same path with a slash, so that what a page names lies beside it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{quote(request.scope['path'])}/{query}", status_code=308)
