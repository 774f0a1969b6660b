"""uvicorn's answering, without looking twice at headers that are the same in every answer.

uvicorn checks each header of each answer by two regular expressions, which takes longer than an endpoint does. Here a
header is checked, and written as its line, once; only lengths, request ids and the like are new each time. What is
not plain (chunks, a closing connection, an access log, a client that does not read) goes uvicorn's own way.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

MOST_LINES = 1_024
FRAMING = frozenset({b"connection", b"transfer-encoding"})
EVER_NEW = frozenset({
    b"x-request-id", b"date", b"etag", b"age", b"set-cookie", b"location", b"retry-after", b"last-modified",
})  # fmt: skip
_LINES: dict[tuple[bytes, bytes], bytes] = {}
_NAMES: set[bytes] = set()


class SwiftCycle(RequestResponseCycle):
    """One request and its answer; a protocol turns uvicorn's own into this before the app runs."""

    async def send(self, message: Any) -> None:
        if self.access_log or self.disconnected or self.flow.write_paused or self.scope["method"] == "HEAD":
            await super().send(message)
        elif not self.response_started:
            head = self._head(message)
            if head is None:
                await super().send(message)
                return
            self.response_started, self.waiting_for_100_continue = True, False
            self.transport.write(head)
        elif self._is_whole(message):
            self.transport.write(message["body"])
            self.response_complete, self.expected_content_length = True, 0
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()
        else:
            await super().send(message)

    def _is_whole(self, message: Any) -> bool:
        return (
            not self.response_complete
            and self.chunked_encoding is False
            and message["type"] == "http.response.body"
            and not message.get("more_body")
            and len(message.get("body", b"")) == self.expected_content_length != 0
        )

    def _head(self, message: Any) -> bytes | None:
        """Write the head of an answer of known length; None where it is not that plain."""
        if message["type"] != "http.response.start" or not self.keep_alive:
            return None
        given = message.get("headers", ())
        if type(given) not in (list, tuple) or any(type(pair) is not tuple for pair in given):
            return None  # ASGI lets an app write pairs as lists, or yield them once
        length, lines = -1, [STATUS_LINE[message["status"]]]
        for pair in (*self.default_headers, *given):
            line = _LINES.get(pair)
            if line is None:
                name, value = pair
                if name == b"content-length" and value.isdigit():
                    length = int(value)
                    line = b"content-length: %b\r\n" % value
                else:
                    line = _line(name, value)
                    if line is None:
                        return None
            lines.append(line)
        if length < 0:
            return None
        self.expected_content_length, self.chunked_encoding = length, False
        lines.append(b"\r\n")
        return b"".join(lines)


def _line(name: bytes, value: bytes) -> bytes | None:
    """Check a header and write its line; None for one that says how the message is framed, or cannot be."""
    name = name.lower()
    if name not in _NAMES:
        if HEADER_RE.search(name) or name in FRAMING or name == b"content-length":
            return None
        if len(_NAMES) < MOST_LINES:
            _NAMES.add(name)
    if HEADER_VALUE_RE.search(value):
        return None
    line = b"%b: %b\r\n" % (name, value)
    if name not in EVER_NEW and len(_LINES) < MOST_LINES:
        _LINES[name, value] = line
    return line
