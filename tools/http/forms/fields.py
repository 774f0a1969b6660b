"""The fields of a form that is `application/x-www-form-urlencoded`, parsed by python-multipart as they arrive."""

from urllib.parse import unquote_to_bytes

from python_multipart.multipart import QuerystringParser

from tools.http.problem import Problem
from tools.http.query import Fields


class UrlencodedFields:
    """Gathers fields within their limits; a size is that of what was sent, encoded."""

    def __init__(self, max_fields: int, max_field_bytes: int) -> None:
        self._max_fields, self._max_bytes = max_fields, max_field_bytes
        self._fields: Fields = {}
        self._name, self._value = bytearray(), bytearray()
        self._count = self._separators = 0
        self._parser = QuerystringParser(
            {
                "on_field_start": self._start,
                "on_field_name": self._add_name,
                "on_field_data": self._add_value,
                "on_field_end": self._end,
            }
        )

    def write(self, chunk: bytes) -> None:
        """Parse what has arrived.

        Raises:
            Problem: 413 too many fields, or one too large; 400 a field that is no text in UTF-8.
        """
        self._separators += chunk.count(b"&")
        if self._separators > self._max_fields:  # the parser takes empty fields one by one, for seconds
            raise self._too_many()
        self._parser.write(chunk)

    def ended(self) -> Fields:
        """Answer with the values by name, in the order of arrival."""
        self._parser.finalize()
        return self._fields

    def _too_many(self) -> Problem:
        return Problem(413, f"the form has more than {self._max_fields} fields", is_last=True)

    def _start(self) -> None:
        self._count += 1
        if self._count > self._max_fields:
            raise self._too_many()
        self._name, self._value = bytearray(), bytearray()

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._check_size()

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_size()

    def _check_size(self) -> None:
        if max(len(self._name), len(self._value)) > self._max_bytes:
            raise Problem(413, f"a field of the form is larger than {self._max_bytes} bytes", is_last=True)

    def _end(self) -> None:
        self._fields.setdefault(_text(self._name), []).append(_text(self._value))


def _text(raw: bytearray) -> str:
    try:
        return unquote_to_bytes(bytes(raw).replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise Problem(400, "a field of the form is no text in UTF-8", is_last=True) from None
