"""How events and groups are called on NATS, where subjects and keys take few characters."""

import re
from hashlib import sha256

_SAFE = re.compile(r"[^A-Za-z0-9_-]+")


def token(name: str) -> str:
    """Encode any name as one token of a subject: a part to read, and a hash that makes it another one for each name.

    >>> token("user.created"), token("user-created")
    ('user_created-ecec131526e1e8a0', 'user-created-61b6cc156997304c')
    """
    return f"{_SAFE.sub('_', name)[:60]}-{sha256(name.encode()).hexdigest()[:16]}"
