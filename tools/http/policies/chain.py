"""The policies of one route, from what `add_endpoint` was told."""

from collections.abc import Iterator, Sequence
from functools import reduce

from tools.http.contract import RouteError
from tools.http.policies.entity_tag import conditional, tagged
from tools.http.policies.idempotency import Idempotency
from tools.http.policies.rate_limit import RateLimit, parse_rate
from tools.http.policies.response_cache import ResponseCache
from tools.http.policies.step import Policy, Route, Step
from tools.http.policies.stores import Stores


def policies(
    route: Route,
    stores: Stores,
    *,
    rate_limit: str | None = None,
    idempotent: bool = False,
    cache_s: float | None = None,
    etag: bool = False,
) -> tuple[Policy, ...]:
    """Make the policies, the outermost first; an empty tuple for a plain route.

    Raises:
        RouteError: an option that the route cannot have, or a rate that is none.
    """
    _check(route, idempotent=idempotent, cache_s=cache_s, etag=etag)
    found: list[Policy] = []
    if rate_limit is not None:
        found.append(RateLimit(route, parse_rate(route.name, rate_limit), stores))
    if etag or (route.takes_context and route.method == "GET"):  # its handler may say `context.set_etag`
        found.append(conditional(is_guarded=route.is_guarded))
    if cache_s is not None:
        found.append(ResponseCache(route, cache_s, stores.cache))
    if idempotent:
        found.append(Idempotency(route, stores))
    if etag:
        found.append(tagged)
    return tuple(found)


def wrapped(step: Step, several: Sequence[Policy]) -> Step:
    """Put a step into its policies, once, at boot."""
    return reduce(lambda inner, policy: policy(inner), reversed(several), step)


def declared_problems(*, rate_limit: str | None = None, idempotent: bool = False) -> Iterator[tuple[int, str]]:
    """Yield the statuses that the policies may answer instead, and what each means."""
    if rate_limit is not None:
        yield 429, f"more than {rate_limit.replace('/', ' requests a ')} from one caller"
    if idempotent:
        yield 400, "the Idempotency-Key is not one text of 1 to 255 visible characters"
        yield 409, "a request with this Idempotency-Key is under way, or its answer was not kept"
        yield 422, "this Idempotency-Key was sent with another request"


def _check(route: Route, *, idempotent: bool, cache_s: float | None, etag: bool) -> None:
    if idempotent and route.method not in ("POST", "PATCH"):
        advice = (
            "leave it out" if route.method != "PUT" else "leave it out: a PUT that is repeated changes nothing more"
        )
        raise RouteError(f"{route.name}: idempotent is for POST and PATCH: {advice}")
    if idempotent and route.takes_form:
        reason = "idempotent compares bodies, and browsers write the same form differently each time"
        raise RouteError(f"{route.name}: {reason}: take JSON, or leave it out")
    if cache_s is not None and (route.method != "GET" or not 0 < cache_s < float("inf")):
        raise RouteError(
            f"{route.name}: cache_s={cache_s!r} is no time to keep an answer to a GET: use seconds above 0"
        )
    if etag and route.method != "GET":
        raise RouteError(f"{route.name}: etag is for GET: in a {route.method}, say context.check_etag(version)")
