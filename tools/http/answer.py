"""Encodes what a handler returned as what it declares, and nothing more."""

from collections.abc import Callable
from typing import Any

import msgspec

from tools.http.exact import Check, exact

Encode = Callable[[Any], bytes]
encode: Encode = msgspec.json.Encoder(decimal_format="string").encode


class AnswerEncoder:
    """Encodes the answers of one endpoint."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._is_exact: Check | None = None  # compiled at the first answer: a boot has a thousand of them

    def __call__(self, value: Any) -> bytes:
        """Encode a value of the declared type, or what converts to it: a dict, a row, an object with its attributes.

        Raises:
            Exception: it is something else.
        """
        is_exact = self._is_exact
        if is_exact is None:
            is_exact = self._is_exact = exact(self._kind)
        if is_exact(value):
            return encode(value)
        value = msgspec.convert(value, self._kind, from_attributes=True)
        if not is_exact(value):  # `convert` does not look into what is of a declared type: build it anew
            value = msgspec.json.decode(encode(value), type=self._kind)
        return encode(value)
