"""Errors as RFC 9457 problem details, with a JSON pointer (RFC 6901) to the field at fault."""

import re
from http import HTTPStatus
from typing import Any

import msgspec

from hookspecs import Refusal

MEDIA_TYPE = b"application/problem+json"
_FIELD = re.compile(r"(?:missing required|contains unknown) field `([^`]*)`")
_PATH = re.compile(r"^(?P<detail>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class Problem(Exception):  # noqa: N818 (RFC 9457's word)
    """An answer that is not the handler's: status, detail, and the fields at fault."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        errors: list[dict[str, str]] | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
    ) -> None:
        super().__init__(status, detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers or []

    def encode(self, request_id: str) -> bytes:
        """Answer with the JSON document; `instance` is the request id, which the log has too."""
        title = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else "Error"
        document: dict[str, Any] = {"type": "about:blank", "title": title, "status": self.status}
        if self.detail:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = self.errors
        document["instance"] = f"urn:request:{request_id}"
        return msgspec.json.encode(document)


def of_refusal(refusal: Refusal) -> Problem:
    """Put a tool's or a plugin's refusal into its answer."""
    headers = []
    if refusal.retry_after_s is not None:
        headers.append((b"retry-after", str(max(1, round(refusal.retry_after_s))).encode()))
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
    detail, _ = _parted(str(error))
    return Problem(422, f"the {source} parameter {name!r} is not valid", errors=[{"detail": detail, "parameter": name}])


def _parted(text: str) -> tuple[str, str]:
    match = _PATH.match(text)
    detail, path = (match["detail"], match["path"] or "") if match else (text, "")
    steps = [name or index for name, index in _STEP.findall(path)]
    if field := _FIELD.search(detail):
        steps.append(field[1])
    return detail, "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
