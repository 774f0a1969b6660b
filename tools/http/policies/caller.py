"""Who calls: the subject of the claims, else the address."""

from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any

from tools.http.context import RequestContext
from tools.http.policies.step import Route

_SUBJECTS = ("subject", "sub", "user_id")


def subject(claims: Any) -> str:
    """Find whom a guard's claims are about; an empty text for nobody.

    >>> subject({"sub": "7"}), subject(None)
    ('7', '')
    """
    for name in _SUBJECTS:
        value = claims.get(name) if isinstance(claims, Mapping) else getattr(claims, name, None)
        if value is not None and value != "":
            return str(value)
    return ""


def network(address: str) -> str:
    """Leave of an IPv6 address the /64, which is what one customer gets; an IPv4 address is whole.

    >>> network("2001:db8:1:2:3:4:5:6"), network("::ffff:10.0.0.1"), network("10.0.0.1"), network("")
    ('2001:db8:1:2::/64', '10.0.0.1', '10.0.0.1', '')
    """
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:  # of a socket that takes both kinds
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


def caller(context: RequestContext) -> str:
    """Name the caller to be counted: two kinds that never meet."""
    name = subject(context.claims)
    return f"subject {name}" if name else f"address {network(context.client_ip)}"


def owner_of_answer(route: Route, context: RequestContext) -> str:
    """Name the caller that a kept answer belongs to.

    Raises:
        LookupError: the route is guarded, and its claims name nobody; behind one address there may be many.
    """
    if route.is_guarded and not subject(context.claims):
        advice = "give them `subject`, `sub` or `user_id`"
        raise LookupError(f"{route.name}: the guard's claims name nobody whose answers can be kept: {advice}")
    return caller(context)
