"""A plugin's function as the bus calls it: payload decoded by its annotation, in a fresh context, under a time-out."""

import asyncio
import inspect
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context
from functools import partial
from typing import Any, NamedTuple, get_args

import msgspec

from hookspecs import Run
from tools.event_bus.contract import Envelope
from tools.event_bus.message import Message


class UnreadableError(Exception):
    """A payload that cannot be decoded into what the callback takes: no further attempt will change that."""


class Begun(NamedTuple):
    """A call that waits for something."""

    coroutine: Coroutine[Any, Any, Any]
    context: Context
    waited: Any


Around = Callable[..., Awaitable[Any]]
"""Called with the function and its arguments in the function's place."""


class Callback:
    """What a plugin gave to `subscribe` or `reply`, inspected once."""

    def __init__(self, owner: str, function: Callable[..., object]) -> None:
        self.owner, self.function_name = owner, getattr(function, "__name__", type(function).__name__)
        self.name = f"{owner}.{self.function_name}"
        self.payload_type, self._wants_envelope = _parameters(self.name, function)
        self._decode = _decoder(self.name, self.payload_type).decode
        called = function if inspect.isroutine(function) or isinstance(function, partial) else type(function).__call__
        self.is_async = inspect.iscoroutinefunction(called)
        self._function: Callable[..., Any] = function

    def begin(self, message: Message, attempt: int, run: Run, around: Around | None = None) -> Any:
        """Call the function with its own copy of the payload, in a context that only knows what caused it.

        Most callbacks end in their first step: a task and a timer for each would cost more than all else here.

        Args:
            message: what it is called with.
            attempt: for its envelope.
            run: runs it in a thread, where it is a `def`.
            around: is called in its place, with it.

        Returns:
            What it returned, or a `Begun`, which is for `finish` in the same task.

        Raises:
            UnreadableError: the payload does not fit.
            BaseException: what the function raised.
        """
        try:
            payload = self._decode(message.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise UnreadableError(f"{type(error).__name__}: {error}") from error
        args = (payload, message.envelope(attempt)) if self._wants_envelope else (payload,)
        function: Callable[..., Any] = self._function if self.is_async else partial(run, self._function)
        if around is not None:
            function = partial(around, function)
        context = Context()
        coroutine = context.run(message.start, function, *args)
        try:
            return Begun(coroutine, context, context.run(coroutine.send, None))
        except StopIteration as end:
            return end.value

    async def finish(self, begun: Begun, timeout_s: float | None) -> Any:
        """Await what began, as what `begin` was called by.

        Raises:
            BaseException: what the function raised, and TimeoutError when it did not end in time.
        """
        try:
            async with asyncio.timeout(timeout_s) as limit:
                return await _steps(*begun)
        except TimeoutError as error:
            if limit.expired():
                raise TimeoutError(f"{self.name} did not end within {timeout_s:g} s") from error
            raise

    def fields(self) -> dict[str, str]:
        """Name the payload's fields and their types, as far as a Struct says them."""
        if not isinstance(self.payload_type, type) or not issubclass(self.payload_type, msgspec.Struct):
            return {}
        return {field.encode_name: _type_name(field.type) for field in msgspec.structs.fields(self.payload_type)}


@types.coroutine
def _steps(coroutine: Coroutine[Any, Any, Any], context: Context, waited: Any) -> Generator[Any, Any, Any]:
    """Drive what has begun inside `context` to its end: what a task does, without a task for each event."""
    while True:
        try:
            step = partial(coroutine.send, (yield waited))
        except BaseException as error:
            step = partial(coroutine.throw, error)
        try:
            waited = context.run(step)
        except StopIteration as end:
            return end.value


def _parameters(name: str, function: Callable[..., object]) -> tuple[Any, bool]:
    try:
        signature = inspect.signature(function, eval_str=True)
    except (NameError, AttributeError, SyntaxError) as error:
        raise TypeError(f"{name} has an annotation that does not resolve, {error}: import it in its module") from error
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} cannot be a callback of event_bus, {error}: give it a method") from error
    positional = [p for p in signature.parameters.values() if p.kind is not p.KEYWORD_ONLY]
    wants_envelope = len(positional) > 1 and positional[1].annotation is Envelope
    try:
        signature.bind(*(["payload", "envelope"] if wants_envelope else ["payload"]))
    except TypeError as error:
        advice = "take a payload, and after it, if you like, `envelope: Envelope`"
        raise TypeError(f"{name}{signature} cannot be called by event_bus, {error}: {advice}") from error
    first = positional[0]
    is_plain = first.kind in (first.VAR_POSITIONAL, first.VAR_KEYWORD) or first.annotation is first.empty
    return (Any if is_plain else first.annotation), wants_envelope


def _decoder(name: str, payload_type: Any) -> msgspec.json.Decoder[Any]:
    try:
        known = msgspec.inspect.type_info(payload_type)
        if isinstance(known, msgspec.inspect.CustomType):
            raise TypeError(f"{_type_name(payload_type)} is no JSON")
        return msgspec.json.Decoder(payload_type)
    except TypeError as error:
        advice = "annotate it with a Struct, with dict, or not at all"
        raise TypeError(f"{name} takes a payload that cannot be decoded, {error}: {advice}") from error


def _type_name(annotation: Any) -> str:
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "")
