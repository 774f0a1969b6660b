"""The parts of a form that is `multipart/form-data` (RFC 7578), parsed by python-multipart as they arrive.

Starlette's own reader of them is not used: it takes a form that was cut short for a whole one, says only in words which
limit was reached, and keeps a megabyte of each file in memory.
"""

import re

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tools.http.forms.spool import Spool
from tools.http.forms.upload import SpooledUpload
from tools.http.problem import Problem
from tools.http.query import Fields

Files = dict[str, list[SpooledUpload]]
MOST_PADDING = 256
PLAIN_ENCODINGS = (b"", b"7bit", b"8bit", b"binary")  # RFC 7578 section 4.7: the others are deprecated


class MultipartParts:
    """Gathers fields and files within their limits; the bytes of files go into the spool."""

    def __init__(self, boundary: bytes, spool: Spool, max_fields: int, max_files: int, max_field_bytes: int) -> None:
        self._spool, self._max_bytes = spool, max_field_bytes
        self._most = {"fields": max_fields, "files": max_files}
        self._fields: Fields = {}
        self._files: Files = {}
        self._is_ended = False
        self._delimiter, self._left, self._tail = b"\r\n--" + boundary, max_fields + max_files + 1, b""
        self._padding = re.compile(re.escape(self._delimiter) + rb"[ \t]{%d}" % MOST_PADDING)
        self._begin()
        if not boundary:
            raise Problem(400, "the form names no boundary", is_last=True)
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._add_header_name,
                    "on_header_value": self._add_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._add,
                    "on_part_end": self._close,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise _malformed() from None

    def write(self, chunk: bytes) -> None:
        """Parse what has arrived.

        Raises:
            Problem: 413 too many parts, or a field too large; 400 what is no such form.
        """
        self._check_delimiters(chunk)
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _malformed() from None

    def _check_delimiters(self, chunk: bytes) -> None:
        """Bound what the parser looks at byte by byte, for seconds: delimiters that are none, and spaces after one."""
        window = self._tail + chunk
        self._left -= window.count(self._delimiter) - self._tail.count(self._delimiter)
        if self._left < 0:
            raise Problem(413, "the form has too many parts", is_last=True)
        if self._padding.search(window):
            raise _malformed()
        self._tail = window[-len(self._delimiter) - MOST_PADDING :]

    def ended(self) -> tuple[Fields, Files]:
        """Answer with fields and files by name, in the order of arrival.

        Raises:
            Problem: 400, its last boundary did not arrive: who knows what else is missing.
        """
        if not self._is_ended:
            raise Problem(400, "the form breaks off before its last boundary", is_last=True)
        return self._fields, self._files

    def _begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._header_name, self._header_value, self._data = bytearray(), bytearray(), bytearray()
        self._name = ""
        self._file: SpooledUpload | None = None

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name, self._header_value = bytearray(), bytearray()

    def _open(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        encoding = self._headers.get(b"content-transfer-encoding", b"").strip().lower()
        if kind != b"form-data" or b"name" not in options or encoding not in PLAIN_ENCODINGS:
            raise _malformed()
        self._name = _text(options[b"name"])
        what = "files" if b"filename" in options else "fields"
        self._most[what] -= 1
        if self._most[what] < 0:
            raise Problem(413, f"the form has too many {what}", is_last=True)
        if what == "files":
            filename = options[b"filename"].decode(errors="replace")
            content_type = self._headers.get(b"content-type", b"").decode("latin-1")
            self._file = SpooledUpload(filename, content_type, self._spool)

    def _add(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.add(data[start:end])
            return
        self._data += data[start:end]
        if len(self._data) > self._max_bytes:
            raise Problem(413, f"a field of the form is larger than {self._max_bytes} bytes", is_last=True)

    def _close(self) -> None:
        if self._file is None:
            self._fields.setdefault(self._name, []).append(_text(self._data))
        elif self._file.filename or self._file.size_bytes:  # browsers send an empty one where none was chosen
            self._files.setdefault(self._name, []).append(self._file)

    def _end(self) -> None:
        self._is_ended = True


def _text(raw: bytes | bytearray) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Problem(400, "a field of the form is no text in UTF-8", is_last=True) from None


def _malformed() -> Problem:
    return Problem(400, "the form is no multipart/form-data", is_last=True)
