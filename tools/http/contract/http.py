"""The tool `http`: endpoints over ASGI, bound by the names and annotations of their handlers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol


class Guard(Protocol):
    """`async (context) -> claims`, raising a Refusal; `scheme` and `scopes`, if it has them, go into OpenAPI."""

    def __call__(self, context: Any) -> Awaitable[Any]:
        """Answer with the claims of the caller."""
        ...


ErrorAnswer = int | tuple[int, str] | tuple[int, str, str]
"""A status; or a status and a detail; or these and a JSON pointer to the body's field that is at fault."""


class RouteError(ValueError):
    """A route that cannot be registered; the text says who, why, and what to change."""


class Counters(Protocol):
    """Where rate limits count and kept answers lie; the tool `state` is one."""

    async def get(self, key: str) -> Any:
        """Answer with what is kept, or None."""
        ...

    async def set(self, key: str, value: Any, *, ttl: float | None = None) -> None:
        """Keep a value, for `ttl` seconds."""
        ...

    async def increment(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
        """Add to a counter, which lives `ttl` seconds from its first count, and answer with the sum."""
        ...

    async def delete(self, key: str) -> object:
        """Forget a value."""
        ...

    async def ttl(self, key: str) -> float | None:
        """Answer with the seconds that a key has left; None for one that stays, and for one that is not there."""
        ...


class Assembled(Protocol):
    """What plugins call that put a whole server together."""

    capabilities: frozenset[str]
    """What this work offers beside plain endpoints, of form, file, websocket, sse, stream, static, mount, rate_limit,
    idempotency, cache, etag, openapi, commands; what it lacks is refused with a RouteError that names it."""

    def mount(
        self,
        path: str,
        asgi_app: Callable[..., Awaitable[None]],
        *,
        max_body_bytes: int | None = None,
        when_full: bool = False,
    ) -> None:
        """Hand every request below `path` to another ASGI app, whose lifespan runs with ours; it guards itself.

        Args:
            path: `/shop`; an empty text for all that nothing else serves.
            asgi_app: gets what is below `path`, and `path` as `root_path`.
            max_body_bytes: a larger body is a 413, whatever the app makes of it; None is HTTP_MAX_BODY_BYTES.
            when_full: as in `add_endpoint`; say so for an app whose answers never end.

        Raises:
            RouteError: something is mounted there already.
        """
        ...

    def add_static(
        self,
        path: str,
        directory: str | Path,
        *,
        guard: Guard | None = None,
        public: bool = False,
        allow: Sequence[str] = (),
        html: bool = False,
        max_age_s: int = 0,
    ) -> None:
        """Serve the files of a directory below `path`, with ETag and ranges, but none that is hidden.

        Args:
            path: `/assets`.
            directory: relative to the plugin's file, or absolute.
            guard: as in `add_endpoint`.
            public: anyone may read them.
            allow: the file name extensions that are served (`.css`); none is what web pages are made of.
            html: `index.html` answers for its directory.
            max_age_s: how long a client may use a file without asking again.

        Raises:
            RouteError: there is no such directory, or a route exists already.
        """
        ...

    def keep_in(self, counters: Counters) -> None:
        """Count rate limits and keep the answers to idempotency keys there, e.g. in `state`, in place of this process.

        They outlive a restart, and hold for several workers, only if what is given does: `state` with STATE_URL.
        Cached answers stay in the process.

        Raises:
            RouteError: somebody has said so already.
        """
        ...


class Http(Assembled, Protocol):
    """Endpoints over ASGI, bound by the names and annotations of their handlers."""

    def add_endpoint(
        self,
        path: str,
        method: str,
        handler: Callable[..., Any],
        *,
        request_model: type | None = None,
        response_model: Any = None,
        status: int | None = None,
        answers: Mapping[int, Any] | None = None,
        guard: Guard | None = None,
        public: bool = False,
        errors: Mapping[type[BaseException], ErrorAnswer] | None = None,
        tags: Sequence[str] = (),
        max_body_bytes: int | None = None,
        timeout_s: float | None = None,
        rate_limit: str | None = None,
        idempotent: bool = False,
        cache_s: float | None = None,
        etag: bool = False,
        when_full: bool = False,
    ) -> None:
        """Serve `handler` at `method path`, its parameters filled by name and annotation.

        A placeholder of the path by its name; a Struct, or `data: dict`, is the JSON body; scalars, enums, dates and
        lists of them are query parameters; `context` is the request; `Annotated[..., Header("x")]`, `Cookie`, `Query`,
        `Body`, `Form` and `File` say it otherwise. The answer is the returned value as its annotation declares it,
        nothing more; a Starlette Response is answered as it is, and what a generator yields is streamed. A `def` runs
        in the bounded thread pool.

        Args:
            path: `/users/{id}`, `/users/{id:int}`; a last placeholder `{rest:path}` takes all that is left.
            method: GET (which answers HEAD too), POST, PUT, PATCH or DELETE.
            handler: `async def` or `def`; what it raises is a 500 without text, but for a Refusal and `errors`.
            request_model: validates the body before a handler gets it as `data: dict`.
            response_model: what the answer declares, in place of the handler's annotation.
            status: of a good answer; None is 200, or 204 for `-> None`.
            answers: further statuses that `context.set_status` may choose, each with its type: `{202: Job}`.
            guard: checked before the body is read, e.g. `auth.require("admin")`; without one say `public=True`.
            public: anyone may call it.
            errors: exception class -> status, (status, detail) or (status, detail, pointer).
            tags: its groups in OpenAPI; without any, the plugin's domain.
            max_body_bytes: largest body; None is HTTP_MAX_BODY_BYTES, or HTTP_MAX_FORM_BYTES for a form.
            timeout_s: time for the guard and for the handler, each; None is HTTP_HANDLER_TIMEOUT_S.
            rate_limit: `20/minute` (second, minute, hour, day) for each caller: the token's subject, else the address.
            idempotent: a request repeated with the same `Idempotency-Key` gets the first one's answer, and runs once.
                Keys are in this process's memory unless `keep_in` gives another place: they do not survive a restart,
                and several workers do not share them. Who needs more stores the key in a UNIQUE column, in the
                transaction of the change.
            cache_s: keep a good answer to a GET for this long, for each caller.
            etag: `ETag` from the answer's bytes, and 304 to a client that has them.
            when_full: served even while HTTP_MAX_IN_FLIGHT requests are; for checks of health, and streams without end.

        Raises:
            RouteError: a route that exists already, or a handler that cannot be bound.
        """
        ...

    def add_websocket(
        self,
        path: str,
        handler: Callable[..., Awaitable[None]],
        *,
        guard: Guard | None = None,
        public: bool = False,
        origins: Sequence[str] = (),
        max_message_bytes: int | None = None,
        max_messages_per_s: int | None = None,
    ) -> None:
        """Hold a WebSocket at `path`; handler(socket: Socket[In, Out], ...).

        The guard runs before the handshake is accepted, and again when the token's time is over. A page of another
        origin is refused, unless `origins` names it.

        Args:
            path: as in `add_endpoint`.
            handler: `async def`; its end closes the socket with 1000, an error with 1011.
            guard: as in `add_endpoint`.
            public: anyone may connect.
            origins: `https://app.example`: further origins whose pages may connect.
            max_message_bytes: larger ones close with 1009; None is HTTP_MAX_MESSAGE_BYTES.
            max_messages_per_s: more close with 1008; None is HTTP_MAX_MESSAGES_PER_S.

        Raises:
            RouteError: a route that exists already, or a handler that cannot be bound.
        """
        ...

    def add_sse(
        self,
        path: str,
        handler: Callable[..., Any],
        *,
        guard: Guard | None = None,
        public: bool = False,
        errors: Mapping[type[BaseException], ErrorAnswer] | None = None,
        tags: Sequence[str] = (),
        heartbeat_s: float = 15.0,
    ) -> None:
        """Stream what `handler` yields as server-sent events; an async generator of ServerEvents, Structs or text.

        Its parameters are bound as in `add_endpoint`; `last_id: Annotated[str, Header("last-event-id")] = ""` is where
        a client wants to go on. The generator is closed when the client leaves, and at shutdown.

        Args:
            path: as in `add_endpoint`.
            handler: `async def` that yields; it waits while the client does not read.
            guard: as in `add_endpoint`.
            public: anyone may listen.
            errors: as in `add_endpoint`, for what it raises before its first event.
            tags: as in `add_endpoint`.
            heartbeat_s: a comment is sent after this long without an event, so that nothing between closes it.

        Raises:
            RouteError: a route that exists already, or a handler that cannot be bound.
        """
        ...
