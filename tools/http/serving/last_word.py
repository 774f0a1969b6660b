"""What the server itself answers before it closes a connection."""

from collections.abc import Iterable

from tools.http.problem import MEDIA_TYPE, Problem, phrase

_HEADERS = (
    (b"content-type", MEDIA_TYPE),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"connection", b"close"),
)


def last_word(problem: Problem, request_id: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Answer with the bytes of a problem's answer; `headers` are those of every answer, such as the date."""
    body = problem.encode(request_id)
    own = ((b"content-length", b"%d" % len(body)), (b"x-request-id", request_id.encode()))
    lines = [b"%s: %s\r\n" % pair for pair in (*headers, *_HEADERS, *own)]
    return b"".join((f"HTTP/1.1 {problem.status} {phrase(problem.status)}\r\n".encode(), *lines, b"\r\n", body))
