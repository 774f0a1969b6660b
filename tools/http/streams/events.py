"""Server-sent events (WHATWG HTML, section 9.2): what an async generator yields, and heartbeats between.

A client that loses the stream comes back by itself; so one that ends, or breaks, ends as if it were complete.
"""

import asyncio
import inspect
import logging
import re
import typing
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from tools.http.annotation import bare, is_union
from tools.http.answer import AnswerEncoder, encode
from tools.http.binder import EMPTY
from tools.http.contract import RouteError, ServerEvent
from tools.http.streams.chunks import ITERATORS, Handler
from tools.http.streams.streams import Stream, Streams

log = logging.getLogger(__name__)
OPEN_S = 0.5  # how long an error of the generator can still become an answer, when there is no event
END_S = 0.5  # for the end of a stream to be taken by its client, when the server stops
COMMENT = b":\n\n"
_LINE_END = re.compile("\r\n|\r|\n")
_UNSAFE = re.compile("[\r\n\0]")


def event_stream(handler: Callable[..., Any], returns: Any, heartbeat_s: float, *, streams: Streams) -> Handler:
    """Make the async generator an `async def` handler that answers with an `EventStream`.

    What it raises before its first event is answered as any handler's error, if it comes within OPEN_S.

    Raises:
        RouteError: it is no async generator, or its items are not declared, or `heartbeat_s` is no time.
    """
    who = f"handler {getattr(handler, '__qualname__', repr(handler))}"
    if not inspect.isasyncgenfunction(handler):
        raise RouteError(f"{who} is no async generator: write `async def`, and `yield` the events")
    if not heartbeat_s > 0:
        raise RouteError(f"{who}: heartbeat_s is {heartbeat_s!r}: use a number of seconds above 0")
    to_bytes = _encoder(who, returns)

    @wraps(handler)
    async def answer(*args: Any, **kwargs: Any) -> Response:
        stream = streams.start(who, handler(*args, **kwargs), to_bytes, is_endless=True)
        await stream.begin(OPEN_S)
        return EventStream(stream, heartbeat_s)

    return answer


class EventStream(Response):
    """A stream of events to one client."""

    media_type = "text/event-stream"
    status_code = 200
    background = None

    def __init__(self, stream: Stream, heartbeat_s: float) -> None:
        self._stream, self._heartbeat_s = stream, heartbeat_s
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})  # the second is for nginx

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the events; to a HEAD only that they would be sent.

        Raises:
            ClientDisconnect: the client left; or the server stops, and the client takes nothing.
        """
        await self._stream.opened_by(send({"type": "http.response.start", "status": 200, "headers": self.raw_headers}))
        end = {"type": "http.response.body", "body": b""}
        if scope["method"] == "HEAD":
            await self._stream.close()
            await send(end)
        elif await self._run(receive, _Writer(send)):
            await send(end)
        else:
            await _end_soon(send, end)

    async def _run(self, receive: Any, writer: "_Writer") -> bool:
        heart = asyncio.create_task(writer.beat(self._heartbeat_s))
        try:
            return await self._stream.run(receive, writer.write)
        except ClientDisconnect:
            raise
        except Exception as error:
            log.error("%s failed half-way", self._stream.who, exc_info=error)
            return True
        finally:
            heart.cancel()


async def _end_soon(send: Any, end: dict[str, Any]) -> None:
    try:
        async with asyncio.timeout(END_S):
            await send(end)
    except TimeoutError:
        raise ClientDisconnect from None  # it does not read: the server cuts what has no end


class _Writer:
    """Sends one message after the other; one that waits for the client keeps the next waiting."""

    def __init__(self, send: Any) -> None:
        self._send, self._turn = send, asyncio.Lock()
        self._time = asyncio.get_running_loop().time
        self._last_s = self._time()

    async def write(self, chunk: bytes) -> None:
        async with self._turn:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            self._last_s = self._time()

    async def beat(self, every_s: float) -> None:
        """Say at once that the stream is open, and from then on when nothing else was said."""
        with suppress(OSError):  # the client left, which `receive` says too
            await self.write(COMMENT)
            while True:
                await asyncio.sleep(max(self._last_s + every_s - self._time(), 0.001))
                if self._time() >= self._last_s + every_s:
                    await self.write(COMMENT)


def _encoder(who: str, returns: Any) -> Callable[[Any], bytes]:
    """Compile what makes an event of an item; nothing but the declared types becomes one."""
    arguments = typing.get_args(returns)
    if returns is not EMPTY and (typing.get_origin(returns) not in ITERATORS or not arguments):
        raise RouteError(f"{who} returns {returns!r}: annotate `-> AsyncIterator[ServerEvent]`, or of a Struct, or str")
    kind = bare(arguments[0]) if arguments else Any
    kinds = set(typing.get_args(kind) if is_union(kind) else [kind])
    is_open = not kinds.isdisjoint({Any, object})
    rest = tuple(kinds - {ServerEvent, str})
    to_json = encode if is_open else AnswerEncoder(typing.Union[rest]) if rest else _refuse  # noqa: UP007

    def to_bytes(item: Any) -> bytes:
        if isinstance(item, ServerEvent) and (is_open or ServerEvent in kinds):
            return encode_event(item)
        if isinstance(item, str) and (is_open or str in kinds):
            return encode_event(ServerEvent(item))
        return _with_data([], to_json(item).decode())

    return to_bytes


def _refuse(item: Any) -> bytes:
    raise TypeError(f"yielded {type(item).__qualname__}, which it does not declare")


def encode_event(event: ServerEvent) -> bytes:
    r"""Write an event as the standard says: text as it is, line by line, anything else as JSON.

    >>> encode_event(ServerEvent("two\nlines", event="note", id="7", retry_ms=500))
    b'event: note\nid: 7\nretry: 500\ndata: two\ndata: lines\n\n'

    Raises:
        ValueError: `event` or `id` would end its line, or `retry_ms` is no time.
    """
    lines = []
    for name, value in (("event", event.event), ("id", event.id)):
        if _UNSAFE.search(value):
            raise ValueError(f"the {name} of an event is {value!r}: leave out line ends and NUL")
        if value:
            lines.append(f"{name}: {value}")
    if event.retry_ms is not None:
        if event.retry_ms < 0:
            raise ValueError(f"the retry_ms of an event is {event.retry_ms!r}: use 0 or more")
        lines.append(f"retry: {event.retry_ms:d}")
    return _with_data(lines, event.data if isinstance(event.data, str) else encode(event.data).decode())


def _with_data(lines: list[str], data: str) -> bytes:
    lines += [f"data: {line}" for line in _LINE_END.split(data)]
    return "\n".join([*lines, "", ""]).encode()
