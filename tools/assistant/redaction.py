"""Takes secrets out of what an assistant gets to see: by the name of a field, and by their shape."""

import re
from typing import Any

REDACTED = "[redacted]"
_NAMES = r"passw(?:or)?d|passphrase|secret|token|authorization|cookie|credential|api[_-]?key|private[_-]?key"
_secret_name = re.compile(_NAMES, re.IGNORECASE)
# bounded repeats: each stays linear on hostile text
_shapes = [
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}"), REDACTED),
    (re.compile(r"\$argon2\w{1,4}\$[^\s'\"]+"), REDACTED),
    (
        re.compile(r"((?<![\w+.-])[a-z][\w+.-]{1,30}://[^\s:/@]{0,256}:)[^\s@]{1,256}@", re.IGNORECASE),
        rf"\1{REDACTED}@",
    ),
    (
        # not a placeholder of SQL, nor what is taken out already
        re.compile(
            rf"((?:{_NAMES})\w{{0,32}}['\"]?\s?[:=]\s?)(?![?:$%]|['\"]?\[redacted\]|(?:null|true|false)\b)"
            r"(?:'[^']+'|\"[^\"]+\"|[^\s,;&'\"\[{()}]+)",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
]


def is_secret(name: str) -> bool:
    """Tell whether what stands under a name is never shown.

    >>> is_secret("refresh_token"), is_secret("email")
    (True, False)
    """
    return _secret_name.search(name) is not None


def redacted(text: str) -> str:
    """Take out what looks like a secret.

    >>> redacted("password=hunter2 at postgres://ana:s3cret@host")
    'password=[redacted] at postgres://ana:[redacted]@host'
    """
    for shape, stand_in in _shapes:
        text = shape.sub(stand_in, text)
    return text


def without_secrets(value: Any) -> Any:
    """Copy what JSON holds, with `[redacted]` for whatever stands under a secret's name.

    >>> without_secrets({"id": 1, "tokens": [{"access_token": "abc"}], "token_type": "bearer"})
    {'id': 1, 'tokens': '[redacted]', 'token_type': '[redacted]'}
    """
    if isinstance(value, dict):
        return {name: REDACTED if is_secret(str(name)) else without_secrets(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_secrets(one) for one in value]
    return redacted(value) if isinstance(value, str) else value
