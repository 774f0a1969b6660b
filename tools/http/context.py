"""One request, as handlers and guards see it; everything costly is made when it is asked for."""

from collections.abc import Mapping, Sequence
from contextvars import Context, copy_context
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request, cookie_parser

from tools.http.query import Fields, parse_query

_CONTROL = frozenset(map(chr, range(32))) - {"\t"} | {"\x7f"}
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})


class RequestContext:
    """See `contract.Context`."""

    path: Mapping[str, str] = {}
    values: Sequence[str] = ()  # the placeholders' texts
    limit: Any = (0.0,)  # of `flow`
    shape: Any = None
    texts: Sequence[bytes] = ()
    form: Any = None
    socket: Any = None
    claims: Any = None
    status = 0
    body: bytes | None = None  # once the endpoint has read it
    is_read = False  # the body, to its end, by whomever
    max_body_bytes = 0
    response_headers: tuple[tuple[bytes, bytes], ...] = ()
    _headers: Headers | None = None
    _request: Request | None = None
    _fields: Fields | None = None
    _cookies: Mapping[str, str] | None = None

    def __init__(self, scope: Any, receive: Any, named: Mapping[bytes, bytes], request_id: str) -> None:
        self.scope, self.receive, self.named, self.request_id = scope, receive, named, request_id
        self.outside: Context = copy_context()  # of the server: what a handler sets is never in it

    @property
    def headers(self) -> Headers:
        if self._headers is None:
            self._headers = Headers(raw=self.scope["headers"])
        return self._headers

    @property
    def fields(self) -> Fields:
        """The query's values by name."""
        if self._fields is None:
            self._fields = parse_query(self.scope["query_string"])
        return self._fields

    @property
    def query(self) -> QueryParams:
        return QueryParams([(name, value) for name, values in self.fields.items() for value in values])

    @property
    def cookies(self) -> Mapping[str, str]:
        if self._cookies is None:
            self._cookies = cookie_parser("; ".join(self.headers.getlist("cookie")))
        return self._cookies

    @property
    def client_ip(self) -> str:
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def request(self) -> Request:
        from tools.http.body import BoundedReceive

        if self._request is None:  # one for all: it keeps the body that it has read
            self._request = Request(self.scope, BoundedReceive(self))
        return self._request

    def set_status(self, status: int) -> None:
        if not 200 <= status <= 599:
            raise ValueError(f"context.set_status: {status!r} is no final HTTP status: use one of 200 to 599")
        self.status = status

    def set_header(self, name: str, value: str) -> None:
        if not name or not _TOKEN.issuperset(name):
            raise ValueError(f"context.set_header: {name!r} is no header name: use letters, digits and hyphens")
        if name.lower() in _FRAMING:
            raise ValueError(f"context.set_header: {name!r} is the server's own: leave it out")
        if not _CONTROL.isdisjoint(value):
            raise ValueError(f"context.set_header: the value of {name!r} has a control character: remove it")
        try:
            pair = name.lower().encode(), value.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueError(f"context.set_header: the value of {name!r} is not latin-1: percent-encode it") from None
        self.response_headers = (*self.response_headers, pair)

    def set_etag(self, version: str) -> None:
        from tools.http.policies.entity_tag import put  # which is about contexts

        put(self, version)

    def check_etag(self, version: str, *, required: bool = True) -> None:
        from tools.http.policies.entity_tag import check

        check(self, version, required=required)

    def set_cookie(self, name: str, value: str, *, max_age_s: int | None = None, path: str = "/") -> None:
        if ";" in path or not _CONTROL.isdisjoint(path):
            raise ValueError(f"context.set_cookie: {path!r} is no path: leave out semicolons and control characters")
        if name.startswith("__Host-") and path != "/":
            raise ValueError(f"context.set_cookie: {name!r} is for the path '/': leave path out")
        try:
            cookie: SimpleCookie = SimpleCookie({name: value})
        except CookieError:
            raise ValueError(f"context.set_cookie: {name!r} is no cookie name: use letters and digits") from None
        attributes: dict[str, Any] = {"path": path, "secure": True, "httponly": True, "samesite": "lax"}
        cookie[name].update(attributes)
        if max_age_s is not None:
            cookie[name]["max-age"] = str(max_age_s)
        self.set_header("set-cookie", cookie.output(header="").strip())
