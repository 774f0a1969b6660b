"""What a policy wraps, and what it knows of the route."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from starlette.responses import Response

from tools.http.context import RequestContext
from tools.http.problem import Problem

Headers = tuple[tuple[bytes, bytes], ...]
Answer = tuple[int, bytes]
"""Status and JSON body; further headers are in the context."""
Step = Callable[[RequestContext], Awaitable[Answer | Response]]
Policy = Callable[[Step], Step]
REHEARSAL = "microcoreos.rehearsal"
"""The ASGI extension that says so: a server sets it, no client can."""


class Route(NamedTuple):
    """What the policies of one route know of it."""

    name: str
    """`POST /orders/{id}`: what messages and keys say."""
    method: str
    is_guarded: bool
    problem_of: Callable[[BaseException], Problem]
    """Puts what the handler raised into its answer."""
    is_async: bool = True
    takes_form: bool = False
    takes_context: bool = False
    reads: tuple[str, ...] = ()
    """The request headers that its parameters are read from, in lower case; `cookie` for cookies."""
    body_timeout_s: float = 30.0
    handler_timeout_s: float = 30.0


def is_rehearsed(scope: Mapping[str, Any]) -> bool:
    """Tell whether a request is only tried, inside of what serves: nothing of it may be kept for others."""
    return REHEARSAL in (scope.get("extensions") or ())


def values_of(headers: Headers, name: bytes) -> list[bytes]:
    """List the values of a header, whose name is written in lower case.

    >>> values_of(((b"vary", b"origin"), (b"etag", b'"1"')), b"etag")
    [b'"1"']
    """
    return [value for key, value in headers if key == name]
