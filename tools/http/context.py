"""One request, as handlers and guards see it; everything costly is made when it is asked for."""

from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request, cookie_parser

_CONTROL = frozenset(map(chr, range(32))) - {"\t"} | {"\x7f"}


class RequestContext:
    """See `contract.Context`."""

    __slots__ = ("_headers", "claims", "path", "receive", "request_id", "response_headers", "scope", "status")

    def __init__(self, scope: Any, receive: Any, path: Mapping[str, str], request_id: str) -> None:
        self.scope, self.receive, self.path, self.request_id = scope, receive, path, request_id
        self.claims: Any = None
        self.status = 0
        self.response_headers: list[tuple[bytes, bytes]] = []
        self._headers: Headers | None = None

    @property
    def headers(self) -> Headers:
        if self._headers is None:
            self._headers = Headers(raw=self.scope["headers"])
        return self._headers

    @property
    def query(self) -> QueryParams:
        return QueryParams(self.scope["query_string"])

    @property
    def cookies(self) -> Mapping[str, str]:
        return cookie_parser("; ".join(self.headers.getlist("cookie")))

    @property
    def client_ip(self) -> str:
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def request(self) -> Request:
        return Request(self.scope, self.receive)

    def set_status(self, status: int) -> None:
        if not 200 <= status <= 599:
            raise ValueError(f"context.set_status: {status!r} is no final HTTP status: use one of 200 to 599")
        self.status = status

    def set_header(self, name: str, value: str) -> None:
        if not name.isascii() or not all(sign.isalnum() or sign in "!#$%&'*+-.^_`|~" for sign in name) or not name:
            raise ValueError(f"context.set_header: {name!r} is no header name: use letters, digits and hyphens")
        if _CONTROL & set(value):
            raise ValueError(f"context.set_header: the value of {name!r} has a control character: remove it")
        try:
            self.response_headers.append((name.lower().encode(), value.encode("latin-1")))
        except UnicodeEncodeError:
            raise ValueError(f"context.set_header: the value of {name!r} is not latin-1: percent-encode it") from None

    def set_cookie(self, name: str, value: str, *, max_age_s: int | None = None, path: str = "/") -> None:
        cookie: SimpleCookie = SimpleCookie({name: value})
        attributes: dict[str, Any] = {"path": path, "secure": True, "httponly": True, "samesite": "lax"}
        cookie[name].update(attributes)
        if max_age_s is not None:
            cookie[name]["max-age"] = max_age_s
        self.set_header("set-cookie", cookie.output(header="").strip())
