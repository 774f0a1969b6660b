"""What every request's head must keep to before anything else looks at it (OWASP ASVS 4.2.1; RFC 9112 section 3.2)."""

import random
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tools.http.problem import Problem
from tools.http.settings import HttpSettings

MAX_HEADERS = 100
Named = Mapping[bytes, bytes]
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_HOST = re.compile(r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?")
_SINGLE = {b"host": 400, b"content-length": 400, b"transfer-encoding": 400, b"authorization": 400, b"content-type": 415}
"""Headers that come once, and what is answered to two of them."""


def request_id(named: Named) -> str:
    """Take the client's request id where it is one, else make 128 random bits (they need not be secret)."""
    given = named.get(b"x-request-id")
    if given is not None and _REQUEST_ID.fullmatch(given):
        return str(given, "ascii")
    return f"{random.getrandbits(128):032x}"


class HeadCheck:
    """The limits of one http tool, applied to each request."""

    def __init__(self, settings: HttpSettings) -> None:
        self._hosts, self._max_url = settings.hosts, settings.http_max_url_bytes
        self._max_bytes = settings.http_max_headers_bytes
        self._known: set[bytes] = set()  # good ones seen, so that parsing one is paid once

    def check(self, scope: Any, named: Named) -> Problem | None:
        """Answer with what is wrong with a request's head; `named` are its headers by name."""
        headers, names = scope["headers"], b"".join(named)
        size = len(names) + len(b"".join(named.values()))
        if len(named) < len(headers):
            size = sum(len(name) + len(value) for name, value in headers)
            wrong = _doubled(name for name, _ in headers)
            if wrong is not None:
                return wrong
        if size > self._max_bytes or len(headers) > MAX_HEADERS:
            return Problem(431, f"the headers are larger than {self._max_bytes} bytes, or more than {MAX_HEADERS}")
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > self._max_url:
            return Problem(414, f"the URL is larger than {self._max_url} bytes")
        if not _is_text(scope["path"]):
            return Problem(404, "nothing is here")
        if b"content-length" in named and b"transfer-encoding" in named:
            return Problem(400, "send Content-Length or Transfer-Encoding, not both", is_last=True)
        host = named.get(b"host", b"")
        if host not in self._known and not self._is_known(host):
            return Problem(400, "the Host header does not name this server")
        if b"_" in names:  # a gateway strips X-Forwarded-For, and lets X_Forwarded_For pass
            scope["headers"] = [pair for pair in headers if b"_" not in pair[0]]
        return None

    def _is_known(self, host: bytes) -> bool:
        match = _HOST.fullmatch(str(host, "latin-1").lower())
        is_known = match is not None and (not self._hosts or match[1] in self._hosts)
        if is_known and len(self._known) < 256:
            self._known.add(host)
        return is_known


def _is_text(path: str) -> bool:
    """Whether what the server has decoded is text that a database and a log can take."""
    try:
        return "\0" not in path and (path.isascii() or bool(path.encode()))
    except UnicodeEncodeError:  # a lone surrogate: bytes that are no UTF-8, as some servers pass them on
        return False


def _doubled(names: Iterable[bytes]) -> Problem | None:
    seen = set()
    for name in names:
        if name in seen and name in _SINGLE:
            return Problem(_SINGLE[name], f"send one {name.decode().title()} header", is_last=True)
        seen.add(name)
    return None
