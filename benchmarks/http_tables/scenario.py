"""What is asked of every peer, as ASGI scopes and as bytes, and what a right answer is."""

import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

HEADERS = (
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
    (b"accept", b"application/json, text/plain, */*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"connection", b"keep-alive"),
)
Receive = Callable[[], Awaitable[dict[str, Any]]]
Call = tuple[dict[str, Any], Receive]


class Request(NamedTuple):
    """One request, and the answer that it must get."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    status: int = 200
    answer: Any = None

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers, in bytes of their own, as a server makes them."""
        own = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(self.body))] if self.body else []
        return [(fresh(name), fresh(value)) for name, value in (*HEADERS, *own)]

    def wire(self) -> bytes:
        """Write the request as HTTP/1.1."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        head = b"".join(b"%b: %b\r\n" % pair for pair in self.headers)
        return f"{self.method} {target} HTTP/1.1\r\n".encode() + head + b"\r\n" + self.body

    def call(self) -> Call:
        """Make the scope, as uvicorn does, and what receives the body."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "method": self.method,
            "root_path": "",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query.encode(),
            "headers": self.headers,
            "state": {},
        }
        return scope, receiver(fresh(self.body))

    def check(self, who: str, status: int, headers: dict[str, str], body: bytes) -> None:
        """Compare an answer with what it must be.

        Raises:
            ValueError: it is another one.
        """
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        kind = headers.get("content-type", "").partition(";")[0]
        if (status, kind) != (self.status, "application/json") or json.loads(body) != self.answer:
            said = f"{status} {kind or 'without a content-type'} {body[:300]!r}"
            wanted = f"{self.status} {json.dumps(self.answer)[:300]}"
            raise ValueError(f"{who} answers {self.method} {self.path} with {said}: it must answer {wanted}")


def fresh(value: bytes) -> bytes:
    """Copy bytes, so that no hash of them is known."""
    return bytes(bytearray(value))


def receiver(body: bytes) -> Receive:
    """Make a `receive` that never waits."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    return receive


def ping(number: int) -> Request:
    """GET /ping."""
    return Request("GET", "/ping", answer={"ok": True})


def item(number: int) -> Request:
    """GET /items/{id}?q=, another id and text each time."""
    return Request("GET", f"/items/{number}", f"q=text{number}", answer={"id": number, "q": f"text{number}"})


def users_post(number: int) -> Request:
    """POST /users."""
    new = {"name": f"Ana {number}", "email": f"ana{number}@example.com", "age": 30 + number % 50, "tags": ["a", "new"]}
    return Request("POST", "/users", body=json.dumps(new).encode(), status=201, answer={"id": 1, **new})


def row(number: int) -> dict[str, Any]:
    """Make one row."""
    email, amount = f"row{number}@example.com", number * 1.5
    return {"id": number, "name": f"Row {number}", "email": email, "amount": amount, "is_active": number % 2 == 0}


def rows(number: int) -> Request:
    """GET /rows, 20 of them."""
    return Request("GET", "/rows", answer=[row(one) for one in range(20)])


def rows_post(number: int) -> Request:
    """POST /rows."""
    return Request("POST", "/rows", body=json.dumps(row(number)).encode(), status=201, answer=row(number))


ENDPOINTS: dict[str, Callable[[int], Request]] = {
    "ping": ping,
    "item": item,
    "users_post": users_post,
    "rows": rows,
    "rows_post": rows_post,
}

GOOD = {"name": "Ana", "email": "ana@example.com"}
BAD: tuple[dict[str, Any], ...] = (
    {"name": ""},
    {"name": "a" * 101},
    {"email": "ana"},
    {"age": -1},
    {"age": 151},
    {"tags": [1]},
    {"other": 1},
)
WRONG = {
    "item": (Request("GET", "/items/first"),),
    "users_post": tuple(Request("POST", "/users", body=json.dumps({**GOOD, **bad}).encode()) for bad in BAD),
    "rows_post": (Request("POST", "/rows", body=b"{}"), Request("POST", "/rows", body=b"{")),
}
"""Requests that every peer must refuse."""
