"""What `add_endpoint` was told, the handler aside."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tools.http.contract import ErrorAnswer, Guard


class Limits(NamedTuple):
    """What one request to this endpoint may take."""

    max_body_bytes: int
    body_timeout_s: float
    handler_timeout_s: float
    max_form_bytes: int = 10_485_760

    def with_own(self, max_body_bytes: int | None, timeout_s: float | None) -> "Limits":
        """Put a route's own limits in place of these, where it has any."""
        return self._replace(
            max_body_bytes=self.max_body_bytes if max_body_bytes is None else max_body_bytes,
            max_form_bytes=self.max_form_bytes if max_body_bytes is None else max_body_bytes,
            handler_timeout_s=self.handler_timeout_s if timeout_s is None else timeout_s,
        )


class Options(NamedTuple):
    """What an endpoint asks for; see `contract.Http.add_endpoint`."""

    request_model: type | None = None
    response_model: Any = None
    status: int | None = None
    guard: Guard | None = None
    public: bool = False
    errors: Mapping[type[BaseException], ErrorAnswer] = {}
    tags: Sequence[str] = ()
    answers: Mapping[int, Any] = {}
    when_full: bool = False
    rate_limit: str | None = None
    idempotent: bool = False
    cache_s: float | None = None
    etag: bool = False
    heartbeat_s: float | None = None
    """Of a stream of events; None is no such stream."""
    is_documented: bool = True
