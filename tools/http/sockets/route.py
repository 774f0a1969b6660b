"""One WebSocket route, compiled at registration: who may connect, what is bound, which messages go and come."""

import inspect
import typing
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

from hookspecs import Part
from tools.http.binder import Plan, compile_plan
from tools.http.context import RequestContext
from tools.http.contract import Guard, RouteError, Socket
from tools.http.outage import Outages
from tools.http.router import Path
from tools.http.sockets.codec import message_decoder, message_encoder
from tools.http.sockets.origins import Origins


class SocketLimits(NamedTuple):
    """What one WebSocket may take."""

    max_message_bytes: int = 65_536
    max_messages_per_s: int = 100
    send_timeout_s: float = 10.0
    """How long a message may wait for its client to read, before the client is dropped."""
    grace_s: float = 5.0
    """How long a handler may go on once its client is gone, before it is cancelled; shutdown has to be longer."""
    guard_timeout_s: float = 30.0


class SocketRoute:
    """A route with everything that a connection needs, decided once."""

    def __init__(
        self,
        owner: Part,
        path: Path,
        handler: Callable[..., Awaitable[None]],
        limits: SocketLimits,
        *,
        guard: Guard | None = None,
        public: bool = False,
        origins: Iterable[str] = (),
    ) -> None:
        self.owner, self.path, self.handler, self.limits = owner, path, handler, limits
        self.guard, self.public, self.outages = guard, public, Outages(f"{self}: {owner.name}")
        if guard is not None and public:
            raise RouteError(f"{self} is public and guarded: leave out one of the two")
        if limits.max_message_bytes < 1 or limits.max_messages_per_s < 1:
            raise RouteError(f"{self}: {limits.max_message_bytes} bytes, {limits.max_messages_per_s}/s: use 1 or more")
        self.origins = Origins(self, origins)
        hints = _hints(self, handler)
        self._socket_name, (self.receives, self.sends) = _socket_of(self, hints)
        self.plan = _plan_without(handler, hints, self._socket_name, path)
        if self.plan.body is not None:
            advice = "mark it with Query(), or receive it as a message"
            raise RouteError(f"{self}: {self.plan.body_name!r} is a body, which a handshake has not: {advice}")
        self.decode, self.encode = message_decoder(self, self.receives), message_encoder(self, self.sends)

    def __str__(self) -> str:
        return f"WS {self.path.text}"

    @property
    def protection(self) -> str:
        """`public`, `unguarded`, or the guard's scheme and scopes: `bearer:admin`."""
        if self.guard is None:
            return "public" if self.public else "unguarded"
        return ":".join([getattr(self.guard, "scheme", "guarded"), *getattr(self.guard, "scopes", ())])

    @property
    def line(self) -> int:
        """Where the handler is written, or 0 where Python cannot tell."""
        code = getattr(inspect.unwrap(self.handler), "__code__", None)
        return code.co_firstlineno if code else 0

    def bind(self, context: RequestContext) -> dict[str, Any]:
        """Read the handler's parameters.

        Raises:
            Problem: 404 or 422, one is not valid.
        """
        return {one.name: one.read(context) for one in self.plan.parameters}

    def handle(self, socket: Socket[Any, Any], arguments: Mapping[str, Any]) -> Awaitable[None]:
        """Call the handler."""
        return self.handler(**{self._socket_name: socket}, **arguments)


def _hints(who: object, handler: Callable[..., Any]) -> Mapping[str, Any]:
    if not inspect.iscoroutinefunction(handler):
        raise RouteError(f"{who}: {handler!r} is no `async def`: a socket is waited for")
    try:
        return typing.get_type_hints(getattr(handler, "func", handler), include_extras=True)
    except Exception as error:
        raise RouteError(f"{who}: an annotation does not resolve: {error}: import the name at run time") from error


def _socket_of(who: object, hints: Mapping[str, Any]) -> tuple[str, tuple[Any, Any]]:
    named = {name: kind for name, kind in hints.items() if Socket in (kind, typing.get_origin(kind))}
    if len(named) != 1:
        raise RouteError(f"{who}: the handler has {len(named)} sockets: write one parameter `socket: Socket[In, Out]`")
    ((name, kind),) = named.items()
    receives, sends = typing.get_args(kind) or (Any, Any)
    return name, (receives, sends)


def _plan_without(handler: Callable[..., Any], hints: Mapping[str, Any], socket_name: str, path: Path) -> Plan:
    """Compile what is left of the signature without the socket."""
    signature = inspect.signature(handler)
    rest = [one for name, one in signature.parameters.items() if name != socket_name]

    async def others() -> None: ...

    others.__qualname__ = getattr(handler, "__qualname__", repr(handler))
    others.__annotations__ = {name: kind for name, kind in hints.items() if name != socket_name}
    others.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]  # inspect reads it
    return compile_plan(others, path.names, None, path.kinds)
