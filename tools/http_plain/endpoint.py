"""One endpoint: guard -> parameters -> body -> handler -> the answer that it declares."""

import asyncio
import inspect
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from hookspecs import Part, Refusal, Run
from tools.http.contract import ErrorAnswer, Guard, RouteError
from tools.http_plain.answer import answer_type, encoded
from tools.http_plain.outage import Outages
from tools.http_plain.path import Path
from tools.http_plain.plan import EMPTY, Plan, check_decodable, compile_plan
from tools.http_plain.problem import Problem, of_refusal, phrase
from tools.http_plain.readers import body_reader
from tools.http_plain.request_context import PlainContext
from tools.http_plain.settings import PlainSettings
from tools.http_plain.steps import DeadlineError, awaited, is_end, within

log = logging.getLogger(__name__)
EMPTY_STATUSES = (204, 205, 304)
MOST_RUNS = 25
LONGEST_PAUSE_S = 0.1


class Options(NamedTuple):
    """What `add_endpoint` may be told, the handler aside."""

    request_model: type | None = None
    response_model: Any = None
    status: int | None = None
    answers: Mapping[int, Any] | None = None
    guard: Guard | None = None
    public: bool = False
    errors: Mapping[type[BaseException], ErrorAnswer] | None = None
    tags: Sequence[str] = ()
    max_body_bytes: int | None = None
    timeout_s: float | None = None
    rate_limit: str | None = None
    idempotent: bool = False
    cache_s: float | None = None
    etag: bool = False
    when_full: bool = False

    @property
    def capabilities(self) -> set[str]:
        """Name what this asks for beside a plain endpoint."""
        asked = {"rate_limit": self.rate_limit, "idempotency": self.idempotent, "cache": self.cache_s is not None}
        return {name for name, value in (asked | {"etag": self.etag}).items() if value}


class Endpoint:
    """A route with everything that a request needs, decided once."""

    def __init__(self, owner: Part, path: Path, method: str, handler: Callable[..., Any], options: Options) -> None:
        self.owner, self.path, self.method, self.handler, self.options = owner, path, method, handler, options
        if options.guard is not None and options.public:
            raise RouteError(f"{self} is public and guarded: leave out one of the two")
        self.plan: Plan = compile_plan(handler, path, options.request_model)
        if method == "GET" and self.plan.body is not None:
            raise RouteError(f"{self}: a GET has no body: mark the Struct with Query(), or use POST")
        declared = self.plan.returns if options.response_model is None else options.response_model
        self.kind = answer_type(declared)
        self.kinds = {status: answer_type(one) for status, one in (options.answers or {}).items()}
        self.status = self._checked_status(options.status)
        if self.plan.body is not None:
            check_decodable(self, self.plan.body.kind)
            self._read_body = body_reader(self.plan.body.kind, self.plan.body.default)
        self._is_article_shaped = declared is EMPTY and self.plan.body is not None and self.plan.body.name == "data"
        self._outages = Outages(f"{self}: {owner.name}")
        self._is_async = inspect.iscoroutinefunction(handler)
        self._errors = {error: _error_answer(self, error, given) for error, given in (options.errors or {}).items()}

    def limit(self, settings: PlainSettings) -> None:
        """Take the settings where the route has no limits of its own."""
        most, patience_s = self.options.max_body_bytes, self.options.timeout_s
        self._max_body_bytes = settings.http_max_body_bytes if most is None else most
        self._timeout_s = settings.http_handler_timeout_s if patience_s is None else patience_s
        self._body_timeout_s = settings.http_body_timeout_s

    def __str__(self) -> str:
        return f"{self.method} {self.path.text}"

    @property
    def protection(self) -> str:
        """`public`, `unguarded`, or the guard's scheme and scopes: `bearer:admin`."""
        guard = self.options.guard
        if guard is None:
            return "public" if self.options.public else "unguarded"
        return ":".join([getattr(guard, "scheme", "guarded"), *getattr(guard, "scopes", ())])

    def declared_errors(self) -> dict[int, str]:
        """List the statuses that `errors` declares, and what each means."""
        texts: dict[int, dict[str, None]] = {}
        for status, detail, _ in self._errors.values():
            texts.setdefault(status, {})[detail or phrase(status)] = None
        return {status: "; or ".join(several) for status, several in texts.items()}

    def _checked_status(self, status: int | None) -> int:
        if status is not None and not 200 <= status <= 399:
            raise RouteError(f"{self}: {status} is no status of a good answer: use 200 to 399")
        status = status or (204 if self.kind is type(None) else 200)
        if status in EMPTY_STATUSES and self.kind not in (None, type(None)):
            raise RouteError(f"{self}: status {status} has no body: leave it out, or annotate `-> None`")
        return status

    async def respond(self, context: PlainContext, run: Run) -> Response:
        """Answer with a Response.

        Raises:
            Problem: every error, in the words that a client may see.
        """
        context.max_body_bytes, context.is_private = self._max_body_bytes, self.options.guard is not None
        try:
            if self.options.guard is not None:
                context.claims = await within(self._timeout_s, awaited(self.options.guard, context))
            arguments = {one.name: one.read(context) for one in self.plan.parameters}
            if self.plan.body is not None:
                raw = await context.read_body(self._body_timeout_s)
                value = self._read_body(context, raw)
                is_model = self.plan.body.name == "data" and isinstance(value, msgspec.Struct)
                arguments[self.plan.body.name] = msgspec.to_builtins(value) if is_model else value
            value = await within(self._timeout_s, self._ran(partial(self.handler, **arguments), run))
            return value if isinstance(value, Response) else self._response(value, context)
        except Problem:
            raise
        except BaseException as error:
            if is_end(error):
                raise
            raise self._problem(error, context) from error

    async def _ran(self, call: Callable[[], Any], run: Run) -> Any:
        """Run the handler; once more and again, where a tool says that nothing of it was done (see `Refusal`)."""
        for number in range(1, MOST_RUNS):
            try:
                return await (call() if self._is_async else run(call))
            except Refusal as refusal:
                if not refusal.runs_again:
                    raise
                await asyncio.sleep(random.random() * min(LONGEST_PAUSE_S, 0.002 * 2**number))
        return await (call() if self._is_async else run(call))

    def _problem(self, error: BaseException, context: PlainContext) -> Problem:
        if isinstance(error, DeadlineError) and context.is_arriving:
            return Problem(408, "the body did not arrive in time", is_last=True)
        if isinstance(error, DeadlineError):
            log.error("%s: %s took longer than %g s", self, self.owner.name, self._timeout_s)
            return Problem(504, "the answer took too long")
        meant = self._meant(error)
        if meant is not None:
            if meant.status >= 500:
                self._outages.warn(error, meant.status)
            return meant
        if isinstance(error, ClientDisconnect):
            return Problem(400, "the client left before the body was complete")
        log.error("%s: %s failed", self, self.owner.name, exc_info=error)
        return Problem(500)

    def _meant(self, error: BaseException) -> Problem | None:
        """Answer as the route declares, or as a Refusal says."""
        for kind in type(error).__mro__:
            if kind in self._errors:
                status, detail, pointer = self._errors[kind]
                return Problem(status, detail, errors=[{"detail": detail, "pointer": pointer}] if pointer else None)
        return of_refusal(error) if isinstance(error, Refusal) else None

    def _response(self, value: Any, context: PlainContext) -> Response:
        is_failure = self._is_article_shaped and isinstance(value, dict) and value.get("success") is False
        status = context.status or (400 if is_failure else self.status)
        kind = self.kinds.get(context.status, self.kind)
        try:
            body = b"" if value is None and (kind is type(None) or status in EMPTY_STATUSES) else encoded(value, kind)
        except Exception as error:
            log.error("%s: the answer of %s is not what it declares: %s", self, self.owner.name, error)
            raise Problem(500) from error
        if status in EMPTY_STATUSES:
            return Response(status_code=status)
        return Response(body, status, media_type="application/json" if body else None)


def _error_answer(who: object, kind: Any, answer: ErrorAnswer) -> tuple[int, str, str]:
    status, detail, pointer = (answer, "", "") if isinstance(answer, int) else (*answer, "", "")[:3]
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise RouteError(f"{who}: errors names {kind!r}, which is no exception class: map a class to a status")
    if not isinstance(status, int) or not 400 <= status <= 599:
        raise RouteError(f"{who}: errors maps {kind.__name__} to {status!r}: use a status of 400 to 599")
    if pointer and not pointer.startswith("/"):
        raise RouteError(f"{who}: errors points at {pointer!r}: write a JSON pointer into the body, e.g. '/email'")
    return status, detail, pointer
