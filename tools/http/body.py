"""Reads and decodes a JSON body within its limits; whatever a client sends ends in a 4xx."""

import asyncio
import re
from typing import Any

import msgspec

from tools.http.context import RequestContext
from tools.http.problem import Problem, of_invalid_body

_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_INT64_MAX, _INT64_MIN = 2**63 - 1, -(2**63)


async def read_body(context: RequestContext, max_bytes: int, timeout_s: float) -> bytes:
    """Read the whole body.

    Raises:
        Problem: 408 too slow, 413 too large (found by the declared length, else after at most one message too many),
            400 the client left.
    """
    declared = context.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit():
        raise Problem(400, "the Content-Length is no number")
    if int(declared[:20]) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            return await _gather(context, max_bytes)
    except TimeoutError:
        raise Problem(408, "the body did not arrive in time", headers=[(b"connection", b"close")]) from None


async def _gather(context: RequestContext, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await context.receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "the client left before the body was complete")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(max_bytes: int) -> Problem:
    return Problem(413, f"the body is larger than {max_bytes} bytes", headers=[(b"connection", b"close")])


def check_media_type(context: RequestContext) -> None:
    """Take JSON in UTF-8, plain.

    Raises:
        Problem: 415, which also keeps a form on another site from posting JSON.
    """
    headers = context.headers
    kind, _, parameters = headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Problem(415, "send the body as application/json")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"') if "charset=" in parameters.lower() else ""
    if charset not in ("", "utf-8", "utf8"):
        raise Problem(415, "send the body in UTF-8")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "send the body without Content-Encoding")


def decode(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    """Decode and validate.

    Raises:
        Problem: 400 no JSON, 422 JSON of another shape, with a pointer to the field.
    """
    if not raw:
        raise Problem(422, "the body is not valid", errors=[{"detail": "it is required", "pointer": ""}])
    try:
        value = decoder.decode(raw)
        if _LONG_NUMBER.search(raw):
            _check_integers(msgspec.json.decode(raw), "$")
        return value
    except msgspec.ValidationError as error:
        raise of_invalid_body(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "the body is no JSON text in UTF-8, or is nested too deeply") from None


def _check_integers(value: Any, path: str) -> None:
    """Keep integers in 64 bits, where a database can take them."""
    if isinstance(value, int) and not _INT64_MIN <= value <= _INT64_MAX:
        raise msgspec.ValidationError(f"Expected an `int` of 64 bits - at `{path}`")
    if isinstance(value, dict):
        for key, one in value.items():
            _check_integers(one, f"{path}.{key}")
    if isinstance(value, list):
        for index, one in enumerate(value):
            _check_integers(one, f"{path}[{index}]")
