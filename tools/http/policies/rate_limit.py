"""So many requests in a window, for each caller.

The window begins with a caller's first request and ends by the counter's time to live, on the store's own clock: a
clock that is set anew changes nothing. Headers: draft-ietf-httpapi-ratelimit-headers-06, the last revision with one
field for each number, which is what clients and gateways read.

What a guard refuses is not counted: behind one address there may be thousands of callers, whom one of them with an
expired token would lock out, and a signed token is not found by trying. A guard of what can be guessed, such as a
password, has to count by itself.
"""

import math
import re
from typing import NamedTuple

from starlette.responses import Response

from tools.http.context import RequestContext
from tools.http.contract import RouteError
from tools.http.policies.caller import caller
from tools.http.policies.step import Answer, Route, Step, is_rehearsed
from tools.http.policies.stores import Stores
from tools.http.problem import Problem

_RATE = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)")
_WINDOWS_S = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


class Rate(NamedTuple):
    """So many requests in so many seconds."""

    most: int
    window_s: int


def parse_rate(who: str, text: str) -> Rate:
    """Read `20/minute`.

    Raises:
        RouteError: it is no rate.

    >>> parse_rate("GET /", "20/minute")
    Rate(most=20, window_s=60)
    """
    match = _RATE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        advice = "write a number above 0 and one of second, minute, hour and day, e.g. '20/minute'"
        raise RouteError(f"{who}: rate_limit {text!r} is no rate: {advice}")
    return Rate(int(match[1]), _WINDOWS_S[match[2]])


class RateLimit:
    """Refuses with 429 what is over the rate; a refused request prolongs nothing."""

    def __init__(self, route: Route, rate: Rate, stores: Stores) -> None:
        self._route, self._rate, self._stores = route, rate, stores
        self._fixed = (
            (b"ratelimit-limit", b"%d" % rate.most),
            (b"ratelimit-policy", b"%d;w=%d" % rate),
        )

    def __call__(self, step: Step) -> Step:
        async def limited(context: RequestContext) -> Answer | Response:
            await self._count(context)
            return await step(context)

        return limited

    async def _count(self, context: RequestContext) -> None:
        counters, rate = self._stores.rates, self._rate
        if is_rehearsed(context.scope) and self._stores.are_own:
            return  # others' counters know of rehearsals
        key = f"rate {self._route.name} {caller(context)}"
        count = await counters.increment(key, ttl=rate.window_s)
        left_s = rate.window_s if count == 1 else await counters.ttl(key)
        reset = b"%d" % max(1, math.ceil(left_s or 0))
        left = (b"ratelimit-remaining", b"%d" % max(0, rate.most - count))
        context.response_headers = (*context.response_headers, *self._fixed, left, (b"ratelimit-reset", reset))
        if count > rate.most:
            raise Problem(429, "too many requests: wait until the limit is reset", headers=[(b"retry-after", reset)])
