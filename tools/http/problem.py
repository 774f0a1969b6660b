"""Errors as RFC 9457 problem details, with a JSON pointer (RFC 6901) to the field at fault."""

import math
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from hookspecs import Refusal

MEDIA_TYPE = b"application/problem+json"
_FIELD = re.compile(r"(?:missing required|contains unknown) field `([^`]*)`")
_PATH = re.compile(r"^(?P<detail>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def phrase(status: int) -> str:
    """Answer with the words that belong to a status.

    >>> phrase(409), phrase(499)
    ('Conflict', 'Error')
    """
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


class Problem(Refusal):
    """An answer that is not the handler's: status, detail, and the fields at fault."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        errors: list[dict[str, str]] | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
        is_last: bool = False,
    ) -> None:
        super().__init__(status, detail)
        self.errors, self.headers = errors, headers
        self.is_last = is_last  # what the client still sends is not worth reading: close the connection

    def encode(self, request_id: str) -> bytes:
        """Answer with the JSON document; `instance` is the request id, which the log has too."""
        document: dict[str, Any] = {"type": "about:blank", "title": phrase(self.status), "status": self.status}
        if self.detail:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = self.errors
        document["instance"] = f"urn:request:{request_id}"
        return msgspec.json.encode(document)


def of_refusal(refusal: Refusal) -> Problem:
    """Put a tool's or a plugin's refusal into its answer."""
    headers: list[tuple[bytes, bytes]] = []
    if refusal.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(refusal.retry_after_s))))
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    return Problem(refusal.status, refusal.detail, headers=headers)


def of_invalid_body(error: msgspec.ValidationError) -> Problem:
    """Put msgspec's text, which ends in the path to the value, into detail and pointer.

    >>> of_invalid_body(msgspec.ValidationError("Expected `str`, got `int` - at `$.tags[0]`")).errors
    [{'detail': 'Expected `str`, got `int`', 'pointer': '/tags/0'}]
    >>> of_invalid_body(msgspec.ValidationError("Object missing required field `name`")).errors
    [{'detail': 'Object missing required field `name`', 'pointer': '/name'}]
    """
    detail, pointer = _parted(str(error))
    return Problem(422, "the body is not valid", errors=[{"detail": detail, "pointer": pointer}])


def of_invalid_parameter(source: str, name: str, error: msgspec.ValidationError) -> Problem:
    """Name the parameter, and where it was looked for."""
    detail, pointer = _parted(str(error))
    name = name or pointer.removeprefix("/")  # a Struct of them: its field is the parameter
    return Problem(422, f"the {source} parameter {name!r} is not valid", errors=[{"detail": detail, "parameter": name}])


def _parted(text: str) -> tuple[str, str]:
    match = _PATH.match(text)
    detail, path = (match["detail"], match["path"] or "") if match else (text, "")
    steps = [name or index for name, index in _STEP.findall(path)]
    field = _FIELD.search(detail)
    if field:
        steps.append(field[1])
    return detail, "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
