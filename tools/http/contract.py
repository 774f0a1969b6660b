"""What plugins may ask of `http`, and the values that they import for it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request


class Header(NamedTuple):
    """`tenant: Annotated[str, Header("x-tenant")]`: the value of a request header."""

    name: str


class Cookie(NamedTuple):
    """`theme: Annotated[str, Cookie("theme")]`: the value of a cookie."""

    name: str


class Query(NamedTuple):
    """`page: Annotated[Page, Query()]`: a Struct whose fields are query parameters; or one under another name."""

    name: str = ""


class Body(NamedTuple):
    """`items: Annotated[list[Item], Body()]`: the JSON body, for types that would otherwise be query parameters."""


class Context(Protocol):
    """One request, for a handler that has a parameter `context`, and for guards."""

    path: Mapping[str, str]
    """The placeholders of the path, as text."""
    claims: Any
    """What the route's guard answered; None on a public route."""
    request_id: str

    @property
    def headers(self) -> Headers:
        """The request's headers, case-insensitive."""
        ...

    @property
    def query(self) -> QueryParams:
        """The query parameters, as text."""
        ...

    @property
    def cookies(self) -> Mapping[str, str]:
        """The request's cookies."""
        ...

    @property
    def client_ip(self) -> str:
        """The peer's address as the server tells it; forwarded headers are not read."""
        ...

    @property
    def request(self) -> Request:
        """Starlette's own request."""
        ...

    def set_status(self, status: int) -> None:
        """Answer with this status instead of the route's own."""
        ...

    def set_header(self, name: str, value: str) -> None:
        """Add a header to the answer; one that the tool sets itself, such as the security headers, is replaced.

        Raises:
            ValueError: a control character, a character outside latin-1, or a header of the connection.
        """
        ...

    def set_cookie(self, name: str, value: str, *, max_age_s: int | None = None, path: str = "/") -> None:
        """Set a cookie that is Secure, HttpOnly and SameSite=Lax; `max_age_s` 0 deletes it, None ends with the session.

        Raises:
            ValueError: a name or a path that no cookie can have.
        """
        ...


class Guard(Protocol):
    """`async (context) -> claims`, raising a Refusal; `scheme` and `scopes`, if it has them, go into OpenAPI."""

    def __call__(self, context: Any) -> Awaitable[Any]:
        """Answer with the claims of the caller."""
        ...


ErrorAnswer = int | tuple[int, str] | tuple[int, str, str]
"""A status; or a status and a detail; or these and a JSON pointer to the body's field that is at fault."""


class RouteError(ValueError):
    """A route that cannot be registered; the text says who, why, and what to change."""


class Http(Protocol):
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
        guard: Guard | None = None,
        public: bool = False,
        errors: Mapping[type[BaseException], ErrorAnswer] | None = None,
        tags: Sequence[str] = (),
        max_body_bytes: int | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """Serve `handler` at `method path`; its parameters are filled by name and annotation.

        A placeholder of the path by its name; a Struct, or `data: dict`, is the JSON body; scalars, enums, dates and
        lists of them are query parameters; `context` is the request; `Annotated[..., Header("x")]`, `Cookie`, `Query`
        and `Body` say it otherwise. The answer is the returned value as its annotation declares it, nothing more; a
        Starlette Response is answered as it is. A `def` runs in the bounded thread pool.

        Args:
            path: `/users/{id}`; a last placeholder `{rest:path}` takes all that is left.
            method: GET (which answers HEAD too), POST, PUT, PATCH or DELETE.
            handler: `async def` or `def`; what it raises is a 500 without text, but for a Refusal and `errors`.
            request_model: validates the body before a handler gets it as `data: dict`.
            response_model: what the answer declares, in place of the handler's annotation.
            status: of a good answer; None is 200, or 204 for `-> None`.
            guard: checked before the body is read, e.g. `auth.require("admin")`; without one say `public=True`.
            public: anyone may call it.
            errors: exception class -> status, (status, detail) or (status, detail, pointer).
            tags: its groups in OpenAPI; without any, the plugin's domain.
            max_body_bytes: largest body; None is HTTP_MAX_BODY_BYTES.
            timeout_s: time for the guard and for the handler, each; None is HTTP_HANDLER_TIMEOUT_S.

        Raises:
            RouteError: a route that exists already, or a handler that cannot be bound.
        """
        ...

    def mount(self, path: str, asgi_app: Callable[..., Awaitable[None]]) -> None:
        """Hand every request below `path` to another ASGI app; it guards itself.

        Raises:
            RouteError: something is mounted there already.
        """
        ...
