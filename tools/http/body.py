"""Reads a body within its limits, and decodes JSON; whatever a client sends ends in a 4xx."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tools.http.context import RequestContext
from tools.http.integers import LONG_NUMBER, check_integers
from tools.http.problem import Problem, of_invalid_body

Receive = Callable[[], Awaitable[Any]]
Decode = Callable[[bytes], Any]
UNREAD = b"unread"  # stands for a body while it arrives


def check_length(declared: bytes, max_bytes: int) -> None:
    """Let a Content-Length pass.

    Raises:
        Problem: 400 it is no number, 413 it is too large.
    """
    if not declared.isdigit():
        raise Problem(400, "the Content-Length is no number", is_last=True)
    if is_larger(declared, max_bytes):
        raise too_large(max_bytes)


def is_larger(declared: bytes, max_bytes: int) -> bool:
    """Whether a number, of any length, is above the limit."""
    return len(declared) > 18 or int(declared) > max_bytes


def too_large(max_bytes: int) -> Problem:
    """Say so; the rest is not worth reading."""
    return Problem(413, f"the body is larger than {max_bytes} bytes", is_last=True)


async def gather(receive: Receive, max_bytes: int, message: Any) -> bytes:
    """Receive the rest of a body, of which `message` is the first.

    Raises:
        Problem: 413 too large, found after at most one message too many; 400 the client left.
    """
    chunks: list[bytes] = []
    room = max_bytes
    while message["type"] != "http.disconnect":
        chunks.append(message.get("body", b""))
        room -= len(chunks[-1])
        if room < 0:
            raise too_large(max_bytes)
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()
    raise Problem(400, "the client left before the body was complete")


def is_rest_unbounded(context: RequestContext) -> bool:
    """Whether a server that keeps the connection would read, to throw it away, more than the limit, or without one."""
    if context.is_read:
        return False
    declared = context.named.get(b"content-length")
    if declared is None:
        return b"transfer-encoding" in context.named
    return not declared.isdigit() or is_larger(declared, context.max_body_bytes)


class BoundedReceive:
    """`receive` for a handler that reads the body by itself: the same limit, and again what the endpoint has read."""

    def __init__(self, context: RequestContext, refused: Callable[[Problem], None] | None = None) -> None:
        self._context, self._receive, self._room = context, context.receive, context.max_body_bytes
        self._refused = refused
        self._is_replayed = False

    async def __call__(self) -> Any:
        """Receive one message.

        Raises:
            Problem: 413, the body is too large.
        """
        if self._context.body is not None and not self._is_replayed:
            self._is_replayed = True
            return {"type": "http.request", "body": self._context.body, "more_body": False}
        if self._room >= 0:
            message = await self._next()
            self._room -= len(message.get("body", b""))
        if self._room < 0:
            problem = too_large(self._context.max_body_bytes)
            if self._refused is not None:
                self._refused(problem)
            raise problem
        self._context.is_read = not message.get("more_body", False)
        return message

    async def _next(self) -> Any:
        context = self._context
        try:
            return await self._receive()
        except asyncio.CancelledError:
            if len(context.limit) > 1 and not context.is_read:  # the deadline's, of `flow`: the client is late, not we
                context.body = UNREAD
            raise


def check_media_type(scope: Any) -> None:
    """Take JSON in UTF-8, plain.

    Raises:
        Problem: 415, which also keeps a form on another site from posting JSON.
    """
    named = dict(scope["headers"])
    kind, encoding = named.get(b"content-type", b""), named.get(b"content-encoding", b"identity")
    if kind != b"application/json":
        _check_json(str(kind, "latin-1").lower().replace(" ", ""))
    check_encoding(encoding)


def check_encoding(encoding: bytes) -> None:
    """Take a body as it is: what unpacks to a thousand times its size is nobody's friend.

    Raises:
        Problem: 415.
    """
    if encoding.lower() != b"identity":
        raise Problem(415, "send the body without Content-Encoding")


def _check_json(media_type: str) -> None:
    kind, _, parameters = media_type.partition(";")
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Problem(415, "send the body as application/json")
    charsets = [one for one in parameters.split(";") if one.startswith("charset=")]
    if any(one.replace('"', "") not in ("charset=utf-8", "charset=utf8") for one in charsets):
        raise Problem(415, "send the body in UTF-8")


def body_decoder(decoder: msgspec.json.Decoder[Any], *, is_checked: bool, as_dict: bool) -> Decode:
    """Make what decodes and validates a body of the decoder's type; `wrong` has the answer to what it raises.

    Args:
        decoder: of the declared type.
        is_checked: a value may hold an integer beyond 64 bits.
        as_dict: the handler takes `data: dict`.
    """
    decode = decoder.decode

    def decoded(raw: bytes) -> Any:
        value = decode(raw)
        if is_checked and LONG_NUMBER.search(raw):
            check_integers(msgspec.json.decode(raw))
        return msgspec.to_builtins(value) if as_dict and isinstance(value, msgspec.Struct) else value

    return decoded if is_checked or as_dict else decode


def wrong(error: Exception, raw: bytes) -> Exception:
    """Answer 400 to what is no JSON, and 422 to JSON of another shape, with a pointer to the field."""
    if not raw:
        return Problem(422, "the body is not valid", errors=[{"detail": "it is required", "pointer": ""}])
    if isinstance(error, msgspec.ValidationError):
        return of_invalid_body(error)
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError | RecursionError):
        return Problem(400, "the body is no JSON text in UTF-8, or is nested too deeply")
    return error
