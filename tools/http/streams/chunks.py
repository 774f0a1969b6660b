"""What a generator yields, as the body of an answer: bytes, text, or one JSON document a line."""

import inspect
import logging
import typing
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from functools import wraps
from typing import Any, NamedTuple

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from hookspecs import Run
from tools.http.annotation import bare
from tools.http.answer import AnswerEncoder, encode
from tools.http.contract import RouteError
from tools.http.streams.pooled_generator import pooled
from tools.http.streams.streams import Chunk, Stream, Streams

log = logging.getLogger(__name__)
Handler = Callable[..., Awaitable[Response]]
ITERATORS = (AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator)
BYTES = (bytes, bytearray, memoryview)


class Yielded(NamedTuple):
    """What a generator declares."""

    kind: Any
    """The type of an item."""
    media_type: str


def is_generator(handler: Callable[..., Any]) -> bool:
    """Whether what it answers is streamed: it is `async def` or `def`, and yields."""
    return inspect.isasyncgenfunction(handler) or inspect.isgeneratorfunction(handler)


def yielded(who: object, returns: Any) -> Yielded:
    """Read the annotation `AsyncIterator[T]` (or Iterator, Generator and so on) of a generator.

    Raises:
        RouteError: it is no such annotation, so nobody could tell the media type.
    """
    arguments = typing.get_args(returns)
    if typing.get_origin(returns) not in ITERATORS or not arguments:
        advice = "annotate `-> AsyncIterator[bytes]`, or of str, or of a Struct"
        raise RouteError(f"{who} does not say what it yields: {advice}")
    kind = bare(arguments[0])
    if kind in BYTES:
        return Yielded(bytes, "application/octet-stream")
    return Yielded(str, "text/plain") if kind is str else Yielded(arguments[0], "application/x-ndjson")


def streamed(handler: Callable[..., Any], returns: Any, *, streams: Streams, run: Run, status: int = 200) -> Handler:
    """Make the generator an `async def` handler that answers with `Chunks`.

    Its first item is fetched before the answer begins: what it raises until then is answered as any handler's error.

    Raises:
        RouteError: see `yielded`.
    """
    who = f"handler {getattr(handler, '__qualname__', repr(handler))}"
    declared = yielded(who, returns)
    to_bytes, is_async = _encoder(declared.kind), inspect.isasyncgenfunction(handler)

    @wraps(handler)
    async def answer(*args: Any, **kwargs: Any) -> Response:
        items = handler(*args, **kwargs)
        stream = streams.start(who, items if is_async else pooled(items, run), to_bytes)
        await stream.begin()
        return Chunks(stream, declared.media_type, status)

    return answer


class Chunks(Response):
    """A body whose length nobody knows; one that breaks off ends the connection, and never looks complete."""

    def __init__(self, stream: Stream, media_type: str, status: int) -> None:
        self._stream, self.media_type, self.status_code, self.background = stream, media_type, status, None
        self.init_headers()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the chunks; to a HEAD only that they would be sent.

        Raises:
            RuntimeError: it broke off half-way.
        """

        async def write(chunk: bytes) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        await self._stream.opened_by(
            send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        )
        if scope["method"] == "HEAD":
            await self._stream.close()
        else:
            await self._run(receive, write)
        await send({"type": "http.response.body", "body": b""})

    async def _run(self, receive: Any, write: Chunk) -> None:
        who = self._stream.who
        try:
            is_whole = await self._stream.run(receive, write)
        except ClientDisconnect:
            raise
        except Exception as error:
            log.error("%s failed half-way", who, exc_info=error)
            raise RuntimeError(f"{who} failed half-way") from None
        if not is_whole:
            raise RuntimeError(f"{who} was stopped half-way: the server stops")


def _encoder(kind: Any) -> Callable[[Any], bytes]:
    if kind is bytes:
        return _bytes
    if kind is str:
        return _text
    to_json = encode if kind in (Any, object) else AnswerEncoder(kind)
    return lambda item: to_json(item) + b"\n"


def _bytes(item: Any) -> bytes:
    if not isinstance(item, BYTES):
        raise TypeError(f"yielded {type(item).__qualname__}, and declares bytes")
    return bytes(item)


def _text(item: Any) -> bytes:
    if not isinstance(item, str):
        raise TypeError(f"yielded {type(item).__qualname__}, and declares str")
    return item.encode()
