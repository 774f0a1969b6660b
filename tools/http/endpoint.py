"""One endpoint: what it declares, checked at boot."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from hookspecs import Part
from tools.http.binder import Plan, compile_plan
from tools.http.compiled import Serve
from tools.http.contract import RouteError
from tools.http.declared import answer_type, error_answers
from tools.http.options import Limits, Options
from tools.http.policies import declared_problems
from tools.http.problem import phrase
from tools.http.replies import EMPTY_STATUSES
from tools.http.router import Path
from tools.http.streams.chunks import is_generator

CHECKED = ("query", "header", "cookie", "form")  # a placeholder that is not valid is a 404


class Endpoint:
    """A route with everything that a request needs, decided once."""

    serve: Serve
    """What answers a request, once `assembly.assemble` has compiled it."""

    def __init__(
        self, owner: Part, path: Path, method: str, handler: Callable[..., Any], options: Options, limits: Limits
    ) -> None:
        self.owner, self.path, self.method, self.handler = owner, path, method, handler
        self.options, self.limits = options, limits
        self.plan: Plan = compile_plan(handler, path.names, options.request_model, path.kinds)
        self.takes_form = any(one.source == "form" for one in self.plan.parameters)
        if method == "GET" and (self.takes_form or self.plan.body is not None):
            raise RouteError(f"{self}: a GET has no body: mark the Struct with Query(), or use POST")
        if self.takes_form and self.plan.body is not None:
            advice = f"mark {self.plan.body_name!r} with Form(), or drop the form"
            raise RouteError(f"{self}: a body is a form or JSON: {advice}")
        self.declared = self.plan.returns if options.response_model is None else options.response_model
        self.is_stream = is_generator(handler)
        self.answer_type = None if self.is_stream else answer_type(self.declared)
        self.status = self._own_status(options.status)
        self.is_empty = self.answer_type is type(None) or self.status in EMPTY_STATUSES
        self.errors = error_answers(self, options.errors)

    def __str__(self) -> str:
        return f"{self.method} {self.path.text}"

    def _own_status(self, status: int | None) -> int:
        for one in (status, *self.options.answers):
            if one is not None and not 200 <= one <= 399:
                raise RouteError(f"{self}: {one} is no status of a good answer: use 200 to 399")
        status = status or (204 if self.answer_type is type(None) else 200)
        if status in EMPTY_STATUSES and self.answer_type not in (None, type(None)):
            raise RouteError(f"{self}: status {status} has no body: leave it out, or annotate `-> None`")
        return status

    @property
    def protection(self) -> str:
        """`public`, `unguarded`, or the guard's scheme and scopes: `bearer:admin`."""
        guard = self.options.guard
        if guard is None:
            return "public" if self.options.public else "unguarded"
        return ":".join([getattr(guard, "scheme", "guarded"), *getattr(guard, "scopes", ())])

    @property
    def line(self) -> int:
        """Where the handler is written, or 0 where Python cannot tell."""
        code = getattr(inspect.unwrap(self.handler), "__code__", None)
        return code.co_firstlineno if code else 0

    def declared_problems(self) -> dict[int, str]:
        """Say of each status that may be answered instead all that it can mean."""
        texts: dict[int, dict[str, None]] = {}
        for status, text in self._problems():
            texts.setdefault(status, {})[text] = None
        return {status: "; or ".join(several) for status, several in texts.items()}

    def _problems(self) -> Iterator[tuple[int, str]]:
        for status, detail, _ in self.errors.values():
            yield status, detail or phrase(status)
        if self.options.guard is not None:
            yield 401, "the token is missing or not valid"
            yield 403, "the caller may not do this"
        if (self.plan.body is not None and not self.plan.is_raw) or any(
            one.source in CHECKED for one in self.plan.parameters
        ):
            yield 422, "the body or a parameter is not valid"
        yield from declared_problems(rate_limit=self.options.rate_limit, idempotent=self.options.idempotent)
