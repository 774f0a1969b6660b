"""Compiles an endpoint's function from its text, at boot.

Endpoints of the same shape share their code; what differs (handler, decoder, converters) are the variables around it.
"""

import linecache
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from textwrap import indent
from typing import Any

from starlette.responses import Response

from hookspecs import Refusal, Trace, trace
from tools.http.binder import Plan
from tools.http.body import UNREAD, check_length, check_media_type, gather
from tools.http.conflicts import next_run
from tools.http.context import RequestContext
from tools.http.query import parse_query
from tools.http.source import source
from tools.http.want import Want

Serve = Callable[..., Any]
"""`await serve(scope, receive, send, request_id, values, shape, texts, limit)`: `values` are the placeholders' texts,
`shape` and `texts` are of the headers: see `head.Shape`, `limit` is of `flow`."""
_COMMON: Mapping[str, Any] = {
    "UNREAD": UNREAD, "check_length": check_length, "check_media_type": check_media_type, "gather": gather,
    "next_run": next_run, "new_tuple": tuple.__new__,  # a NamedTuple's own way takes three times as long
    "parse_query": parse_query, "partial": partial, "Refusal": Refusal, "RequestContext": RequestContext,
    "Response": Response, "Trace": Trace, "trace": trace,
}  # fmt: skip


def compile_serve(want: Want, plan: Plan, variables: Mapping[str, Any]) -> Serve:
    """Compile the function of one endpoint; `variables` are what its text names."""
    given = {**_COMMON, **variables}
    for index, one in enumerate(plan.parameters):
        given |= {f"convert{index}": one.convert, f"read{index}": one.read, f"key{index}": one.key}
        given[f"default{index}"] = one.default
    make: Callable[..., Serve] = _make(want, tuple(given))
    return make(*given.values())


@lru_cache(maxsize=1_024)
def _make(want: Want, names: tuple[str, ...]) -> Any:
    """Compile the text once for all endpoints of this shape; a traceback shows its lines."""
    text = f"def make({', '.join(names)}):\n{indent(source(want), '    ')}    return serve\n"
    file = f"<endpoint {hash(text):x}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {}
    exec(compile(text, file, "exec"), namespace)  # noqa: S102 (nothing in it comes from outside: see `source`)
    return namespace["make"]
