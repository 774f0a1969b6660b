"""One endpoint, compiled at boot: guard -> parameters -> body -> handler -> answer."""

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from hookspecs import Part, Refusal, Run
from tools.http.answer import AnswerEncoder, encode
from tools.http.binder import EMPTY, Plan, check_decodable, compile_plan
from tools.http.body import check_media_type, decode, read_body
from tools.http.context import RequestContext
from tools.http.contract import ErrorAnswer, Guard, RouteError
from tools.http.declared import answer_type, error_answers
from tools.http.problem import Problem, of_refusal, phrase
from tools.http.readers import REQUIRED
from tools.http.router import Path
from tools.http.steps import DeadlineError, is_end, within

log = logging.getLogger(__name__)
Answer = tuple[int, bytes]
EMPTY_STATUSES = (204, 205, 304)
CHECKED = ("query", "header", "cookie")  # a placeholder that is not valid is a 404


class Limits(NamedTuple):
    """What one request to this endpoint may take."""

    max_body_bytes: int
    body_timeout_s: float
    handler_timeout_s: float

    def with_own(self, max_body_bytes: int | None, timeout_s: float | None) -> "Limits":
        """Put a route's own limits in place of these, where it has any."""
        return self._replace(
            max_body_bytes=self.max_body_bytes if max_body_bytes is None else max_body_bytes,
            handler_timeout_s=self.handler_timeout_s if timeout_s is None else timeout_s,
        )


class Options(NamedTuple):
    """What `add_endpoint` was told, the handler aside."""

    request_model: type | None = None
    response_model: Any = None
    status: int | None = None
    guard: Guard | None = None
    public: bool = False
    errors: Mapping[type[BaseException], ErrorAnswer] = {}
    tags: Sequence[str] = ()


class Endpoint:
    """A route with everything that a request needs, decided once."""

    def __init__(
        self, owner: Part, path: Path, method: str, handler: Callable[..., Any], options: Options, limits: Limits
    ) -> None:
        self.owner, self.path, self.method, self.handler = owner, path, method, handler
        self.options, self.limits = options, limits
        self.plan: Plan = compile_plan(handler, path.names, options.request_model)
        if method == "GET" and self.plan.body is not None:
            raise RouteError(f"{self}: a GET has no body: mark the Struct with Query(), or use POST")
        declared = self.plan.returns if options.response_model is None else options.response_model
        self.answer_type = answer_type(declared)
        if options.status is not None and not 200 <= options.status <= 399:
            raise RouteError(f"{self}: {options.status} is no status of a good answer: use 200 to 399")
        self.status = options.status or (204 if self.answer_type is type(None) else 200)
        self.is_empty = self.answer_type is type(None) or self.status in EMPTY_STATUSES
        if self.status in EMPTY_STATUSES and self.answer_type not in (None, type(None)):
            raise RouteError(f"{self}: status {self.status} has no body: leave it out, or annotate `-> None`")
        self._encode = encode if self.answer_type is None else AnswerEncoder(self.answer_type)
        self._readers = tuple((one.name, one.read) for one in self.plan.parameters)
        self._decoder = None if self.plan.body is None else check_decodable(self, self.plan.body)
        self._is_article_shaped = self.plan.body_name == "data" and declared is EMPTY
        self._is_async = inspect.iscoroutinefunction(handler)
        self._errors = error_answers(self, options.errors)

    def __str__(self) -> str:
        return f"{self.method} {self.path.text}"

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

    def declared_problems(self) -> Iterator[tuple[int, str]]:
        """Yield the statuses that may be answered instead, and what each means."""
        for status, detail, _ in self._errors.values():
            yield status, detail or phrase(status)
        if self.options.guard is not None:
            yield 401, "the token is missing or not valid"
            yield 403, "the caller may not do this"
        if self.plan.body is not None or any(one.source in CHECKED for one in self.plan.parameters):
            yield 422, "the body or a parameter is not valid"

    async def respond(self, context: RequestContext, run: Run) -> Answer | Response:
        """Answer with status and body, or with the Response that the handler made.

        Raises:
            Problem: every error, in the words that a client may see.
        """
        variables, patience_s = context.outside.copy(), self.limits.handler_timeout_s
        context.max_body_bytes = self.limits.max_body_bytes
        try:
            if self.options.guard is not None:
                context.claims = await within(patience_s, _claims(self.options.guard, context), variables)
            arguments = {name: read(context) for name, read in self._readers}
            if self._decoder is not None:
                await self._read_body(self._decoder, context, arguments)
            call = self.handler(**arguments) if self._is_async else _pooled(run, self.handler, arguments)
            value = await within(patience_s, call, variables)
            return value if isinstance(value, Response) else self._answer(value, context)
        except Problem:
            raise
        except BaseException as error:
            if is_end(error):
                raise
            raise self._problem(error) from error

    async def _read_body(
        self, decoder: msgspec.json.Decoder[Any], context: RequestContext, arguments: dict[str, Any]
    ) -> None:
        plan = self.plan
        raw = await read_body(context, self.limits.body_timeout_s)
        if not raw and plan.body_default is not REQUIRED:
            arguments[plan.body_name] = plan.body_default
            return
        check_media_type(context)
        value = decode(decoder, raw)
        is_model = plan.body_name == "data" and isinstance(value, msgspec.Struct)
        arguments[plan.body_name] = msgspec.to_builtins(value) if is_model else value

    def _problem(self, error: BaseException) -> Problem:
        if isinstance(error, DeadlineError):
            log.error("%s: %s took longer than %g s", self, self.owner.name, self.limits.handler_timeout_s)
            return Problem(504, "the answer took too long")
        for kind in type(error).__mro__:
            if kind in self._errors:
                status, detail, pointer = self._errors[kind]
                return Problem(status, detail, errors=[{"detail": detail, "pointer": pointer}] if pointer else None)
        if isinstance(error, Refusal):
            return of_refusal(error)
        if isinstance(error, ClientDisconnect):
            return Problem(400, "the client left before the body was complete")
        log.error("%s: %s failed", self, self.owner.name, exc_info=error)
        return Problem(500)

    def _answer(self, value: Any, context: RequestContext) -> Answer:
        status = context.status or self.status
        if value is None and self.is_empty:
            return status, b""
        if self._is_article_shaped and not context.status and isinstance(value, dict) and value.get("success") is False:
            status = 400
        try:
            return status, self._encode(value)
        except Exception as error:
            log.error("%s: the answer of %s is not what it declares: %s", self, self.owner.name, error)
            raise Problem(500) from error


async def _claims(guard: Guard, context: RequestContext) -> Any:
    return await guard(context)


async def _pooled(run: Run, handler: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    return await run(partial(handler, **arguments))
