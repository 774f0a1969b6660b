"""One request, as handlers and guards see it."""

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request


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
        """The client's address; forwarded headers are read only where HTTP_TRUSTED_PROXIES names who may send them."""
        ...

    @property
    def request(self) -> Request:
        """Starlette's own request."""
        ...

    def set_status(self, status: int) -> None:
        """Answer with this status instead of the route's own."""
        ...

    def set_etag(self, version: str) -> None:
        """Say which version is answered: `ETag`, and 304 without a body to a client that has it (RFC 9110 13.1.2)."""
        ...

    def check_etag(self, version: str, *, required: bool = True) -> None:
        """Go on only if the client means this version: `If-Match` (RFC 9110 13.1.1), against lost updates.

        Raises:
            Refusal: 412, it means another; 428, it names none, unless `required` is False.
        """
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
