"""What every request's head must keep to before anything else looks at it (OWASP ASVS 4.2.1; RFC 9112 §3.2)."""

import random
import re
from typing import Any

from tools.http.problem import Problem
from tools.http.settings import HttpSettings

MAX_HEADERS = 100
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PORT = re.compile(r":\d{1,5}$")


def request_id(scope: Any) -> str:
    """Take the client's request id where it is one, else make 128 random bits (they need not be secret)."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return f"{random.getrandbits(128):032x}"


class HeadCheck:
    """The limits of one http tool, applied to each request."""

    def __init__(self, settings: HttpSettings) -> None:
        self._hosts, self._max_url = settings.hosts, settings.http_max_url_bytes
        self._max_bytes = settings.http_max_headers_bytes
        self._known: dict[bytes, bool] = {}  # host headers seen, so that parsing one is paid once; bounded below

    def check(self, scope: Any) -> None:
        """Let a well-formed head pass.

        Raises:
            Problem: 400 for not exactly one known Host or both length headers, 414 and 431 for one that is too large.
        """
        if len(scope["path"]) + len(scope["query_string"]) > self._max_url:
            raise Problem(414, f"the URL is larger than {self._max_url} bytes")
        size, hosts, framing = 0, [], set()
        for name, value in scope["headers"]:
            size += len(name) + len(value)
            if name == b"host":
                hosts.append(value)
            elif name == b"content-length" or name == b"transfer-encoding":
                framing.add(name)
        if size > self._max_bytes or len(scope["headers"]) > MAX_HEADERS:
            raise Problem(431, f"the headers are larger than {self._max_bytes} bytes, or more than {MAX_HEADERS}")
        if len(framing) > 1:
            raise Problem(400, "send Content-Length or Transfer-Encoding, not both")
        if len(hosts) != 1 or not self._is_known(hosts[0]):
            raise Problem(400, "the Host header does not name this server")

    def _is_known(self, host: bytes) -> bool:
        if host not in self._known:
            if len(self._known) >= 256:
                self._known.clear()
            name = _PORT.sub("", host.decode("latin-1").lower())
            self._known[host] = bool(name) and (not self._hosts or name in self._hosts)
        return self._known[host]
