"""Reads and decodes a JSON body within its limits; whatever a client sends ends in a 4xx."""

from typing import Any

import msgspec

from tools.http.context import RequestContext
from tools.http.integers import LONG_NUMBER, check_integers
from tools.http.problem import Problem, of_invalid_body
from tools.http.steps import DeadlineError, stepped_in, within


async def read_body(context: RequestContext, timeout_s: float) -> bytes:
    """Read the whole body.

    Raises:
        Problem: 408 too slow, 413 too large (found by the declared length, else after at most one message too many),
            400 the client left.
    """
    declared = context.named.get(b"content-length", b"0")
    if not declared.isdigit():
        raise Problem(400, "the Content-Length is no number", is_last=True)
    if _is_larger(declared, context.max_body_bytes):
        raise _too_large(context.max_body_bytes)
    try:
        context.body = await within(timeout_s, _gather(context), context.outside)
    except DeadlineError:
        raise Problem(408, "the body did not arrive in time", is_last=True) from None
    context.is_read = True
    return context.body


async def _gather(context: RequestContext) -> bytes:
    chunks: list[bytes] = []
    room = context.max_body_bytes
    while True:
        message = await context.receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "the client left before the body was complete")
        chunk: bytes = message.get("body", b"")
        room -= len(chunk)
        if room < 0:
            raise _too_large(context.max_body_bytes)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunk if len(chunks) == 1 else b"".join(chunks)


def is_rest_unbounded(context: RequestContext) -> bool:
    """Whether a server that keeps the connection would read, to throw it away, more than the limit, or without one."""
    if context.is_read:
        return False
    declared = context.named.get(b"content-length")
    if declared is None:
        return b"transfer-encoding" in context.named
    return not declared.isdigit() or _is_larger(declared, context.max_body_bytes)


def _is_larger(declared: bytes, max_bytes: int) -> bool:
    return len(declared) > 18 or int(declared) > max_bytes


def _too_large(max_bytes: int) -> Problem:
    return Problem(413, f"the body is larger than {max_bytes} bytes", is_last=True)


class BoundedReceive:
    """`receive` for a handler that reads the body by itself: the same limit, and again what the endpoint has read."""

    def __init__(self, context: RequestContext) -> None:
        self._receive = stepped_in(context.outside, context.receive)
        self._context, self._room = context, context.max_body_bytes
        self._is_replayed = False

    async def __call__(self) -> Any:
        """Receive one message.

        Raises:
            Problem: 413, the body is too large.
        """
        if self._context.body is not None and not self._is_replayed:
            self._is_replayed = True
            return {"type": "http.request", "body": self._context.body, "more_body": False}
        message = await self._receive()
        self._room -= len(message.get("body", b""))
        if self._room < 0:
            raise _too_large(self._context.max_body_bytes)
        self._context.is_read = not message.get("more_body", False)
        return message


def check_media_type(context: RequestContext) -> None:
    """Take JSON in UTF-8, plain.

    Raises:
        Problem: 415, which also keeps a form on another site from posting JSON.
    """
    kind, encoding = context.named.get(b"content-type", b""), context.named.get(b"content-encoding", b"identity")
    if kind != b"application/json":
        _check_json(str(kind, "latin-1").lower().replace(" ", ""))
    if encoding.lower() != b"identity":
        raise Problem(415, "send the body without Content-Encoding")


def _check_json(media_type: str) -> None:
    kind, _, parameters = media_type.partition(";")
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Problem(415, "send the body as application/json")
    charsets = [one for one in parameters.split(";") if one.startswith("charset=")]
    if any(one.replace('"', "") not in ("charset=utf-8", "charset=utf8") for one in charsets):
        raise Problem(415, "send the body in UTF-8")


def decode(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    """Decode and validate.

    Raises:
        Problem: 400 no JSON, 422 JSON of another shape, with a pointer to the field.
    """
    if not raw:
        raise Problem(422, "the body is not valid", errors=[{"detail": "it is required", "pointer": ""}])
    try:
        value = decoder.decode(raw)
        if LONG_NUMBER.search(raw):
            check_integers(msgspec.json.decode(raw))
        return value
    except msgspec.ValidationError as error:
        raise of_invalid_body(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "the body is no JSON text in UTF-8, or is nested too deeply") from None
