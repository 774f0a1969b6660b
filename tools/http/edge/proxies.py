"""What proxies in front say of a request: the client's address, the scheme, the host, the path's prefix.

A client can write these headers too, so only those of a peer that is named are read, and from the right: each proxy
adds what it saw at the end, and what is left of the first address that is no proxy of ours is the client's own
invention (RFC 7239 section 8.1). Such a proxy has to set all four headers, or to remove what clients sent.

`Forwarded` (RFC 7239) says the same in one header. It is read where none of `X-Forwarded-For`, `-Proto` and `-Host` is
there, and ignored beside them: a proxy that writes those passes on what a client wrote into the other.

uvicorn's `--proxy-headers` knows two of them, trusts 127.0.0.1 unasked, and takes what is no address for one: start it
with `--no-proxy-headers`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import takewhile
from typing import Any

from hookspecs import ASGIApp

Networks = tuple[IPv4Network | IPv6Network, ...]
_FOR, _PROTO, _HOST, _PREFIX = (b"x-forwarded-" + name for name in (b"for", b"proto", b"host", b"prefix"))
_READ = frozenset({_FOR, _PROTO, _HOST, _PREFIX})
_PAIR = re.compile(r'[ \t]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;=]+))[ \t]*(?:;|$)')
_SCHEMES = {"http": ("http", "ws"), "https": ("https", "wss"), "ws": ("http", "ws"), "wss": ("https", "wss")}
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_HOST_AND_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::\d+)?")
_MOST_PREFIX = 256
_MOST_PEERS = 1_024
_LONGEST = 64  # text that is kept; an address with a port is shorter


def parse_proxies(text: str) -> Networks:
    """Read HTTP_TRUSTED_PROXIES.

    Raises:
        ValueError: a word that is neither an address nor a network.

    >>> parse_proxies("10.0.0.0/8, ::1")
    (IPv4Network('10.0.0.0/8'), IPv6Network('::1/128'))
    """
    return tuple(_network(word.strip()) for word in text.split(",") if word.strip())


def _network(word: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(word)
    except ValueError as error:
        advice = "write addresses and networks by comma, e.g. '10.0.0.7, 10.1.0.0/16'"
        raise ValueError(f"HTTP_TRUSTED_PROXIES names {word!r}, which is no address: {error}: {advice}") from None


class TrustedProxies:
    """Puts what a trusted peer says into the request, before anything looks at it."""

    def __init__(self, app: ASGIApp, networks: Networks) -> None:
        self._app, self._networks = app, networks
        self._is_trusted = lru_cache(_MOST_PEERS)(self._is_proxy)
        self._plain = lru_cache(_MOST_PEERS)(plain_address)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        client = scope.get("client")
        if client and scope["type"] in ("http", "websocket") and self._is_trusted(client[0]):
            scope = self._told(scope)
        await self._app(scope, receive, send)

    def _is_proxy(self, address: str) -> bool:
        plain = plain_address(address)
        if not plain:
            return False
        parsed = ip_address(plain)
        return any(parsed in network for network in self._networks)

    def _told(self, scope: Any) -> Any:
        said = _said(scope["headers"])
        if not said:
            return scope
        scope = dict(scope)
        if _FOR in said:
            scope["client"] = self._client(said[_FOR]) or scope["client"]
        if _PROTO in said:
            schemes = _SCHEMES.get(said[_PROTO][-1].lower())
            scope["scheme"] = schemes[scope["type"] == "websocket"] if schemes else scope.get("scheme", "http")
        if _HOST in said:
            scope["headers"] = _with_host(scope["headers"], said[_HOST][-1])
        if _PREFIX in said:
            _put_below(scope, said[_PREFIX][-1].rstrip("/"))
        return scope

    def _client(self, hops: list[str]) -> tuple[str, int] | None:
        """Find the right-most address that is no proxy of ours; what is no address ends the search."""
        found = ""
        for hop in reversed(hops):
            address = self._plain(hop) if len(hop) <= _LONGEST else ""
            if not address:
                break
            found = address
            if not self._is_trusted(address):
                break
        return (found, 0) if found else None


def plain_address(text: str) -> str:
    """Read an address, with or without a port, as it is compared; an empty text for none.

    >>> plain_address("[2001:DB8::1]:443"), plain_address("::ffff:10.0.0.1"), plain_address("unknown")
    ('2001:db8::1', '10.0.0.1', '')
    """
    match = _HOST_AND_PORT.fullmatch(text)
    try:
        address = ip_address(match[1] or match[2] if match else text)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None  # of a socket that takes both
    return str(mapped or address)


def _said(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, list[str]]:
    """Gather the values that are read, those of a doubled header one after the other."""
    said: dict[bytes, list[str]] = {}
    standard: list[str] = []
    for name, value in headers:
        if name in _READ:
            words = [word.strip() for word in str(value, "latin-1").split(",")]
            said.setdefault(name, []).extend(words)
        elif name == b"forwarded":
            standard.append(str(value, "latin-1"))
    return {**said, **_standard(",".join(standard))} if standard and said.keys() <= {_PREFIX} else said


def _standard(text: str) -> dict[bytes, list[str]]:
    """Read `Forwarded` as the headers that say the same, from the right, up to a hop that is malformed.

    What is left of it, and the hop itself, a client may have written: that must not take away what the proxies say.

    >>> _standard('for="192.0.2.1, for=192.0.2.2;proto=http, For="[2001:db8::1]:443";proto=https')
    {b'x-forwarded-for': ['192.0.2.2', '[2001:db8::1]:443'], b'x-forwarded-proto': ['https']}
    """
    hops = [*takewhile(bool, map(_hop, reversed(text.split(","))))]
    if not hops:
        return {}
    last = {name: [hops[0][key]] for name, key in ((_PROTO, "proto"), (_HOST, "host")) if key in hops[0]}
    return {_FOR: [hop.get("for", "") for hop in reversed(hops)], **last}


def _hop(text: str) -> dict[str, str]:
    """Read what one proxy says; nothing, if any of it is malformed."""
    said, at = dict[str, str](), 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None:
            return {}
        said[pair[1].lower()] = pair[3] or re.sub(r"\\(.)", r"\1", pair[2])
        at = pair.end()
    return said


def _with_host(headers: Iterable[tuple[bytes, bytes]], host: str) -> list[tuple[bytes, bytes]]:
    """Put the host that the client asked for in the Host's place; two Hosts stay for the check that refuses them."""
    pairs = list(headers)
    places = [index for index, (name, _) in enumerate(pairs) if name == b"host"]
    if len(places) == 1 and host:
        pairs[places[0]] = (b"host", host.encode("latin-1"))
    return pairs


def _put_below(scope: Any, prefix: str) -> None:
    """Give back what the proxy took off the path (ASGI: `root_path` is the beginning of `path`)."""
    if len(prefix) > _MOST_PREFIX or not _PATH.fullmatch(prefix) or not {".", ".."}.isdisjoint(prefix.split("/")):
        return
    scope["root_path"] = prefix + scope.get("root_path", "")
    scope["path"] = prefix + scope["path"]
    if scope.get("raw_path") is not None:
        scope["raw_path"] = prefix.encode() + scope["raw_path"]
