"""Reads a form within its limits: fields as text, files spooled; whatever a client sends ends in a 4xx.

body -> urlencoded fields                     (form_fields)
     -> multipart parts -> fields and files   (form_parts), the files' bytes -> form_spool
"""

from typing import Any, NamedTuple

from python_multipart.multipart import parse_options_header

from hookspecs import Run
from tools.http.body import check_encoding, check_length, too_large
from tools.http.context import RequestContext
from tools.http.forms.fields import UrlencodedFields
from tools.http.forms.parts import MultipartParts
from tools.http.forms.spool import MEMORY_BYTES, Spool
from tools.http.forms.upload import SpooledUpload
from tools.http.problem import Problem
from tools.http.query import Fields


class FormLimits(NamedTuple):
    """What a form may hold; how large it may be as a whole is the route's `max_body_bytes`."""

    max_fields: int = 100
    max_files: int = 10
    max_field_bytes: int = 65_536
    memory_bytes: int = MEMORY_BYTES


class ReceivedForm:
    """A form that has arrived; close it once the answer is sent, then its files are gone."""

    def __init__(self, spool: Spool) -> None:
        self.fields: Fields = {}
        self.files: dict[str, list[SpooledUpload]] = {}
        self.spool = spool

    def close(self) -> None:
        """Drop the files; what `move_to` has kept stays."""
        self.spool.close()


async def read_form(context: RequestContext, limits: FormLimits, run: Run) -> ReceivedForm:
    """Read the whole form into `context.form`; the caller bounds the time, and closes it.

    Raises:
        Problem: 400 malformed or cut short, 413 over a limit, 415 no form, 507 no room on the disk.
    """
    check_length(context.named.get(b"content-length", b"0"), context.max_body_bytes)
    check_encoding(context.named.get(b"content-encoding", b"identity"))
    form = ReceivedForm(Spool(limits.memory_bytes, run))
    try:
        await _fill(form, context, limits)
    except BaseException:
        form.close()
        raise
    context.form = form
    return form


async def _fill(form: ReceivedForm, context: RequestContext, limits: FormLimits) -> None:
    kind, options = parse_options_header(context.named.get(b"content-type"))
    body = _Body(context)
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise Problem(415, "send the form in UTF-8")
    if kind == b"multipart/form-data":
        await _read_parts(form, body, options.get(b"boundary", b""), limits)
    elif kind == b"application/x-www-form-urlencoded":
        form.fields = await _read_fields(body, limits)
    elif kind or await body.read():  # no kind and no body is a form in which nothing was filled in
        raise Problem(415, "send the form as multipart/form-data or application/x-www-form-urlencoded")


async def _read_fields(body: "_Body", limits: FormLimits) -> Fields:
    found = UrlencodedFields(limits.max_fields, limits.max_field_bytes)
    while chunk := await body.read():
        found.write(chunk)
    return found.ended()


async def _read_parts(form: ReceivedForm, body: "_Body", boundary: bytes, limits: FormLimits) -> None:
    spool = form.spool
    found = MultipartParts(boundary, spool, limits.max_fields, limits.max_files, limits.max_field_bytes)
    while chunk := await body.read():
        found.write(chunk)
        await spool.settle()
    form.fields, form.files = found.ended()
    await spool.settle(is_end=True)


class _Body:
    """The request's body, piece by piece, within its limit."""

    def __init__(self, context: RequestContext) -> None:
        self._context, self._room = context, context.max_body_bytes

    async def read(self) -> bytes:
        """Receive what comes next; nothing at the end.

        Raises:
            Problem: 413 too large, 400 the client left.
        """
        while not self._context.is_read:
            message: Any = await self._context.receive()
            if message["type"] == "http.disconnect":
                raise Problem(400, "the client left before the form was complete")
            self._context.is_read = not message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            self._room -= len(chunk)
            if self._room < 0:
                raise too_large(self._context.max_body_bytes)
            if chunk:
                return chunk
        return b""
