"""An answer as it is kept, to be given again."""

from msgspec import Struct
from starlette.responses import Response

from tools.http.context import RequestContext
from tools.http.policies.step import Answer, Headers, values_of


class Kept(Struct, frozen=True, array_like=True):
    """Status, body, and what the handler set of headers; `raw` are those of a Starlette Response."""

    status: int
    body: bytes
    own: Headers = ()
    raw: Headers | None = None

    def values(self, name: bytes) -> list[bytes]:
        """List the values of a header."""
        return values_of((*self.own, *(self.raw or ())), name)

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, about."""
        return len(self.body) + sum(len(name) + len(value) for name, value in (*self.own, *(self.raw or ())))


def kept(answer: Answer | Response, context: RequestContext, before: Headers) -> Kept | None:
    """Keep an answer, with the headers that were added after `before`; None for one that is written piece by piece."""
    own = tuple(pair for pair in context.response_headers if pair not in before)
    if not isinstance(answer, Response):
        return Kept(*answer, own)
    body = getattr(answer, "body", None)
    if not isinstance(body, bytes | memoryview):
        return None
    return Kept(answer.status_code, bytes(body), own, tuple(answer.raw_headers))


def again(one: Kept, context: RequestContext, *added: tuple[bytes, bytes]) -> Answer | Response:
    """Answer with it, and with further headers."""
    context.response_headers = (*context.response_headers, *one.own, *added)
    if one.raw is None:
        return one.status, one.body
    response = Response(status_code=one.status)
    response.body, response.raw_headers = one.body, list(one.raw)
    return response
