"""The limit: one ASGI callable without a framework, a dict of routes and msgspec, as a careful author would write it.

It validates, bounds the body, answers 404, 405, 413 and 422, and builds every answer anew; it has no middleware, no
request id and no security headers.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from benchmarks.http_peers.models import ROWS, Item, NewUser, Row, Thing, User

MAX_BODY_BYTES = 1_048_576
INTEGER = re.compile(r"-?[0-9]{1,18}")
Answer = tuple[int, bytes]
Handler = Callable[[Any, Any, str], Awaitable[Answer]]

encode = msgspec.json.Encoder().encode
decode_user = msgspec.json.Decoder(NewUser).decode
decode_row = msgspec.json.Decoder(Row).decode


class WrongError(Exception):
    """A request that is refused: its status and a text."""


class HandWritten:
    """Paths in one dict; those that end in a placeholder in another, by what stands before it."""

    def __init__(self, static: dict[str, dict[str, Handler]], prefixes: dict[str, dict[str, Handler]]) -> None:
        self._static, self._prefixes = static, prefixes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not served")
        try:
            handler, rest = self._find(scope)
            status, body = await handler(scope, receive, rest)
        except WrongError as wrong:
            status, body = wrong.args[0], encode({"detail": wrong.args[1]})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _find(self, scope: Any) -> tuple[Handler, str]:
        path, rest = scope["path"], ""
        methods = self._static.get(path)
        if methods is None:
            before, _, rest = path.rpartition("/")
            methods = self._prefixes.get(before)
            if methods is None:
                raise WrongError(404, "there is nothing here")
        handler = methods.get(scope["method"])
        if handler is None:
            raise WrongError(405, "the method is not served here")
        return handler, rest


async def read_body(receive: Any) -> bytes:
    """Read a whole body.

    Raises:
        WrongError: 413.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
    if len(body) > MAX_BODY_BYTES:
        raise WrongError(413, "the body is too large")
    return body


def query_value(query: bytes, name: bytes) -> str | None:
    """Find one parameter of a query, or None."""
    for pair in query.split(b"&"):
        key, _, value = pair.partition(b"=")
        if key == name:
            return unquote_plus(value.decode()) if b"%" in value or b"+" in value else value.decode()
    return None


def integer(text: str) -> int:
    """Read a placeholder.

    Raises:
        WrongError: 422.
    """
    if INTEGER.fullmatch(text) is None:
        raise WrongError(422, "the id is no integer")
    return int(text)


def decoded(decode: Callable[[bytes], Any], body: bytes) -> Any:
    """Validate a body.

    Raises:
        WrongError: 422.
    """
    try:
        return decode(body)
    except msgspec.DecodeError as error:
        raise WrongError(422, str(error)) from None


async def ping(scope: Any, receive: Any, rest: str) -> Answer:
    """GET /ping."""
    return 200, encode({"ok": True})


async def item(scope: Any, receive: Any, rest: str) -> Answer:
    """GET /items/{id}?q=."""
    query = scope["query_string"]
    return 200, encode(Item(integer(rest), query_value(query, b"q") if query else None))


async def create_user(scope: Any, receive: Any, rest: str) -> Answer:
    """POST /users."""
    new = decoded(decode_user, await read_body(receive))
    return 201, encode(User(1, new.name, new.email, new.age, new.tags))


async def rows(scope: Any, receive: Any, rest: str) -> Answer:
    """GET /rows."""
    return 200, encode(ROWS)


async def create_row(scope: Any, receive: Any, rest: str) -> Answer:
    """POST /rows."""
    return 201, encode(decoded(decode_row, await read_body(receive)))


async def thing(scope: Any, receive: Any, rest: str) -> Answer:
    """GET /things{number}/{id}."""
    return 200, encode(Thing(integer(rest)))


async def make_app() -> HandWritten:
    """Make the five endpoints."""
    static: dict[str, dict[str, Handler]] = {
        "/ping": {"GET": ping},
        "/users": {"POST": create_user},
        "/rows": {"GET": rows, "POST": create_row},
    }
    return HandWritten(static, {"/items": {"GET": item}})


async def make_routes(count: int, kind: str) -> HandWritten:
    """Make `count` routes of one kind."""
    if kind == "static":
        return HandWritten({f"/route{number}": {"GET": ping} for number in range(count)}, {})
    return HandWritten({}, {f"/things{number}": {"GET": thing} for number in range(count)})
