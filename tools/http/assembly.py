"""Puts together what answers an endpoint's requests: the handler, what stands around it, and the compiled function."""

import inspect
import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from hookspecs import Run
from tools.http.answer import encode
from tools.http.binder import check_decodable
from tools.http.body import body_decoder, wrong
from tools.http.compiled import Serve, compile_serve
from tools.http.contract import RouteError
from tools.http.endpoint import Endpoint
from tools.http.exact import Shallow, shallow
from tools.http.forms.form import FormLimits, read_form
from tools.http.in_flight import InFlight
from tools.http.integers import may_be_long
from tools.http.outcome import Outcome
from tools.http.policies import Policy, Route, Stores, policies, wrapped
from tools.http.readers import REQUIRED
from tools.http.replies import LENGTHS, hand_over, head_of, send_own
from tools.http.streams.chunks import streamed
from tools.http.streams.events import event_stream
from tools.http.streams.streams import Streams
from tools.http.want import Want, arguments_of, slot_of


class Runtime(NamedTuple):
    """What the endpoints of one http tool share while they run."""

    run: Run
    load: InFlight
    stores: Stores
    streams: Streams
    forms: FormLimits


def assemble(one: Endpoint, runtime: Runtime) -> Serve:
    """Compile what serves the endpoint's requests.

    Raises:
        RouteError: an option that it cannot have, or a body that cannot be decoded.
    """
    outcome, handler = Outcome(one), _handler(one, runtime)
    around = _policies(one, outcome, runtime.stores)
    plan, names = one.plan, one.path.names
    seen = Shallow() if one.options.answers else shallow(one.answer_type)
    want = Want(
        tuple(slot_of(parameter, names) for parameter in plan.parameters),
        arguments_of(plan),
        has_body=bool(plan.body_name),
        is_raw=plan.is_raw,
        is_optional=plan.body_default is not REQUIRED,
        has_form=one.takes_form,
        has_placeholders=bool(names),
        has_guard=one.options.guard is not None,
        has_policies=bool(around),
        is_async=inspect.iscoroutinefunction(handler),
        is_counted=not one.options.when_full and one.options.heartbeat_s is None,
        is_empty=one.is_empty,
        answer=seen.form,
    )
    own = {"handler": handler, "wrong": wrong, "wrap": partial(wrapped, several=around), "items": seen.items}
    return compile_serve(want, plan, {**_variables(one, outcome, runtime), **own})


def _variables(one: Endpoint, outcome: Outcome, runtime: Runtime) -> dict[str, Any]:
    is_private, limits = one.options.guard is not None, one.limits
    head = head_of(is_private=is_private)
    return {
        "answer": outcome.answer, "answer_kind": one.answer_type, "body_default": one.plan.body_default,
        "body_timeout_s": limits.body_timeout_s, "decode": _decoder(one), "encode": encode, "fail": outcome.fail,
        "guard": one.options.guard, "hand_over": partial(hand_over, is_private=is_private), "head": head,
        "head_tls": head_of(is_private=is_private, is_tls=True), "load": runtime.load,
        "lengths": LENGTHS, "most_lengths": len(LENGTHS),
        "many_digits": len(str(limits.max_body_bytes)),  # a length of fewer is within the limit for sure
        "max_body_bytes": limits.max_form_bytes if one.takes_form else limits.max_body_bytes,
        "own_status": one.status, "path_names": one.path.names,
        "read_form": partial(read_form, limits=runtime.forms, run=runtime.run), "run": runtime.run,
        "send_own": partial(send_own, headers=head),
        "timeout_s": _other_than(limits.body_timeout_s, limits.handler_timeout_s),
    }  # fmt: skip


def _other_than(body_s: float, handler_s: float) -> float:
    """Keep the two apart: `flow` arms a timer anew where the limit is another number."""
    return handler_s if handler_s != body_s else math.nextafter(handler_s, math.inf)


def _handler(one: Endpoint, runtime: Runtime) -> Callable[..., Any]:
    """Make a generator a handler that answers with a stream."""
    if one.options.heartbeat_s is not None:
        return event_stream(one.handler, one.plan.returns, one.options.heartbeat_s, streams=runtime.streams)
    if one.is_stream:
        return streamed(one.handler, one.declared, streams=runtime.streams, run=runtime.run, status=one.status)
    return one.handler


def _decoder(one: Endpoint) -> Callable[[bytes], Any] | None:
    if one.plan.body is None or one.plan.is_raw:
        return None
    decoder, info = check_decodable(one, one.plan.body)
    return body_decoder(decoder, is_checked=may_be_long(info), as_dict=one.plan.body_name == "data")


def _policies(one: Endpoint, outcome: Outcome, stores: Stores) -> tuple[Policy, ...]:
    asked, parameters = one.options, one.plan.parameters
    if one.is_stream and (asked.etag or asked.idempotent or asked.cache_s is not None):
        raise RouteError(f"{one} streams, and what is streamed is never kept: leave out etag, idempotent and cache_s")
    cookies = ("cookie",) if any(parameter.source == "cookie" for parameter in parameters) else ()
    route = Route(
        str(one),
        one.method,
        is_guarded=asked.guard is not None,
        problem_of=outcome.problem,
        is_async=inspect.iscoroutinefunction(one.handler),
        takes_form=one.takes_form,
        takes_context=any(parameter.source == "context" for parameter in parameters),
        reads=(*(parameter.key.lower() for parameter in parameters if parameter.source == "header"), *cookies),
        body_timeout_s=one.limits.body_timeout_s,
        handler_timeout_s=one.limits.handler_timeout_s,
    )
    return policies(
        route,
        stores,
        rate_limit=asked.rate_limit,
        idempotent=asked.idempotent,
        cache_s=asked.cache_s,
        etag=asked.etag,
    )
