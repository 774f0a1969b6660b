"""Messages of a declared type: `str` is text frames, `bytes` binary ones, any other type JSON in text frames."""

from collections.abc import Callable
from typing import Any

import msgspec
import msgspec.inspect

from tools.http.answer import AnswerEncoder, encode
from tools.http.contract import RouteError
from tools.http.integers import LONG_NUMBER, check_integers
from tools.http.sockets.codes import WRONG_DATA, WRONG_KIND, Closing

Decode = Callable[[str | bytes], Any]
Encode = Callable[[Any], dict[str, Any]]


def message_decoder(who: object, kind: Any) -> Decode:
    """Make what turns a frame's data into a message, or raises Closing.

    Raises:
        RouteError: msgspec does not know the type.
    """
    if kind is str:
        return _text
    if kind is bytes:
        return _binary
    _check_known(who, kind)
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def decode(data: str | bytes) -> Any:
        raw = _text(data).encode(errors="surrogatepass")
        try:
            value = decoder.decode(raw)
            if LONG_NUMBER.search(raw):
                check_integers(msgspec.json.decode(raw))
            return value
        except (ValueError, RecursionError) as error:
            raise Closing(WRONG_DATA, _words(error)) from None

    return decode


def message_encoder(who: object, kind: Any) -> Encode:
    """Make what turns a message into a frame of ASGI, of the declared type and nothing more.

    Raises:
        RouteError: msgspec does not know the type.
    """
    if kind in (str, bytes):
        return _plain_encoder(who, kind)
    _check_known(who, kind)
    to_json = encode if kind is Any else AnswerEncoder(kind)
    return lambda message: {"type": "websocket.send", "text": str(to_json(message), "utf-8")}


def _plain_encoder(who: object, kind: type) -> Encode:
    key = "text" if kind is str else "bytes"

    def to_frame(message: Any) -> dict[str, Any]:
        if not isinstance(message, kind):
            given = type(message).__name__
            raise TypeError(f"{who}: socket.send got a {given}, and sends {kind.__name__}: declare what is sent")
        return {"type": "websocket.send", key: message}

    return to_frame


def _text(data: str | bytes) -> str:
    if isinstance(data, bytes):
        raise Closing(WRONG_KIND, "send text, not binary messages")
    return data


def _binary(data: str | bytes) -> bytes:
    if isinstance(data, str):
        raise Closing(WRONG_KIND, "send binary messages, not text")
    return data


def _words(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    return "the message is no JSON text, or is nested too deeply"


def _check_known(who: object, kind: Any) -> None:
    try:
        is_unknown = isinstance(msgspec.inspect.type_info(kind), msgspec.inspect.CustomType)
        msgspec.json.Decoder(kind)
    except TypeError as error:
        raise RouteError(f"{who}: a message of this type cannot be decoded: {error}") from error
    if is_unknown:
        raise RouteError(f"{who}: a message of type {kind!r} cannot be decoded: use a msgspec.Struct")
