"""Where a broker is, from its URL, and how it is called in messages: without its password."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urlencode

_USER = re.compile(r"(?<=://)[^/\s]*@")  # up to the last @, as clients read it


class Address:
    """A broker's URL: what its client needs, our own options, and a text that everybody may read.

    Args:
        url: `scheme://user:password@host:port?option=value`, also several with commas.
        options: ours, with their defaults; the client never sees them.

    Raises:
        ValueError: it has an @ or a # where none can be: a part of a password would be taken for something else.

    >>> address = Address("nats://ana:secret@one:4222,nats://two?prefix=shop", {"prefix": "events"})
    >>> str(address), address.options
    ('nats://one:4222,nats://two', {'prefix': 'shop'})
    >>> address.url
    'nats://ana:secret@one:4222,nats://two'
    >>> address.user, address.password
    ('ana', 'secret')
    >>> address.without_password("cannot log in with secret")
    'cannot log in with ***'
    """

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        before, _, query = url.partition("?")
        given = parse_qsl(query)
        self.options = {name: dict(given).get(name, default) for name, default in options.items()}
        rest = urlencode([(name, value) for name, value in given if name not in options], quote_via=quote)
        self.url = f"{before}?{rest}" if rest else before
        self._text = _USER.sub("", before)
        if "@" in self._text + query or "#" in before:
            raise ValueError("EVENT_BUS_URL cannot be read: write @ / ? # as %40 %2F %3F %23, where they are no limit")
        user, colon, password = (_USER.findall(before) or [""])[0].removesuffix("@").partition(":")
        self.user, self.password = unquote(user), unquote(password) if colon else None
        self._secrets = [secret for user in _USER.findall(before) for secret in _spellings(user[:-1])]
        self._secrets += [value for name, value in given if "pass" in name]

    def __str__(self) -> str:
        return self._text

    def without_password(self, text: str) -> str:
        """Take passwords out of a client's message."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _spellings(user: str) -> list[str]:
    """The password of `user:password`, or all of it, which is a token then; as written and as meant."""
    name, colon, password = user.partition(":")
    secret = password if colon else name
    return [spelling for spelling in {secret, unquote(secret)} if spelling]
