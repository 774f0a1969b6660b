"""One endpoint, compiled at boot: guard -> parameters -> body -> handler -> answer."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from starlette.responses import Response

from hookspecs import Part, Refusal, Run
from tools.http.binder import EMPTY, Plan, compile_plan
from tools.http.body import check_media_type, decode, read_body
from tools.http.context import RequestContext
from tools.http.contract import ErrorAnswer, Guard, RouteError
from tools.http.problem import Problem, of_refusal
from tools.http.router import Path

log = logging.getLogger(__name__)
encode = msgspec.json.Encoder(decimal_format="string").encode
Answer = tuple[int, bytes]


class Limits(NamedTuple):
    """What one request to this endpoint may take."""

    max_body_bytes: int
    body_timeout_s: float
    handler_timeout_s: float


class Options(NamedTuple):
    """What `add_endpoint` was told, the handler aside."""

    request_model: type | None
    response_model: Any
    status: int | None
    guard: Guard | None
    public: bool
    errors: Mapping[type[BaseException], ErrorAnswer]
    tags: Sequence[str]


class Endpoint:
    """A route with everything that a request needs, decided once."""

    def __init__(self, owner: Part, path: Path, method: str, handler: Callable[..., Any], options: Options, limits: Limits) -> None:
        self.owner, self.path, self.method, self.handler = owner, path, method, handler
        self.options, self.limits = options, limits
        self.plan: Plan = compile_plan(handler, path.names, options.request_model)
        if method in ("GET", "HEAD") and self.plan.body is not None:
            raise RouteError(f"{self}: a {method} has no body: mark the Struct with Query(), or use POST")
        declared = self.plan.returns if options.response_model is None else options.response_model
        self.answer_type = None if declared is EMPTY or declared is Response else declared
        self.is_empty = self.answer_type is type(None) or options.status in (204, 304)
        self.status = options.status or (204 if self.is_empty else 200)
        self._readers = tuple((one.name, one.read) for one in self.plan.parameters)
        self._decoder = None if self.plan.body is None else _decoder(self, self.plan.body)
        self._is_plain_data = self.plan.body_name == "data" and declared is EMPTY
        self._is_async = inspect.iscoroutinefunction(handler)
        self._errors = dict(options.errors)

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
        for answer in self.options.errors.values():
            status, detail, _ = (answer, "", "") if isinstance(answer, int) else (*answer, "")[:3]
            yield status, detail or HTTPStatus(status).phrase
        if self.options.guard is not None:
            yield 401, "the token is missing or not valid"
            yield 403, "the caller may not do this"
        if self.plan.body is not None or self.plan.parameters:
            yield 422, "the body or a parameter is not valid"

    async def respond(self, context: RequestContext, run: Run) -> Answer | Response:
        """Answer with status and body, or with the Response that the handler made.

        Raises:
            Problem: every error, in the words that a client may see.
        """
        try:
            if self.options.guard is not None:
                context.claims = await self.options.guard(context)
            arguments = {name: read(context) for name, read in self._readers}
            if self._decoder is not None:
                await self._read_body(context, arguments)
            async with asyncio.timeout(self.limits.handler_timeout_s) as limit:
                call: Awaitable[Any] = self.handler(**arguments) if self._is_async else run(_bound(self.handler, arguments))
                value = await call
        except Problem:
            raise
        except (Exception, SystemExit) as error:
            if isinstance(error, TimeoutError) and limit.expired():
                raise Problem(504, "the answer took too long") from error
            raise self._problem(error) from error
        return value if isinstance(value, Response) else self._answer(value, context)

    async def _read_body(self, context: RequestContext, arguments: dict[str, Any]) -> None:
        plan, limits = self.plan, self.limits
        raw = await read_body(context, limits.max_body_bytes, limits.body_timeout_s)
        if not raw and plan.body_default is not EMPTY:
            arguments[plan.body_name] = plan.body_default
            return
        check_media_type(context)
        assert self._decoder is not None
        value = decode(self._decoder, raw)
        if plan.body_name:
            is_model = plan.body_name == "data" and isinstance(value, msgspec.Struct)
            arguments[plan.body_name] = msgspec.to_builtins(value) if is_model else value

    def _problem(self, error: BaseException) -> Problem:
        for kind in type(error).__mro__:
            if kind in self._errors:
                answer = self._errors[kind]
                status, detail, pointer = (answer, "", "") if isinstance(answer, int) else (*answer, "")[:3]
                return Problem(status, detail, errors=[{"detail": detail, "pointer": pointer}] if pointer else None)
        if isinstance(error, Refusal):
            return of_refusal(error)
        log.error("%s: %s failed", self, self.owner.name, exc_info=error)
        return Problem(500)

    def _answer(self, value: Any, context: RequestContext) -> Answer:
        status = context.status or self.status
        if self.is_empty and value is None:
            return status, b""
        try:
            if self.answer_type is not None and type(value) is not self.answer_type:
                value = msgspec.convert(value, self.answer_type, from_attributes=True)
            elif self._is_plain_data and not context.status and isinstance(value, dict) and value.get("success") is False:
                status = 400
            return status, encode(value)
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            log.error("%s: the answer of %s is not what it declares: %s", self, self.owner.name, error)
            raise Problem(500) from error


def _bound(handler: Callable[..., Any], arguments: dict[str, Any]) -> Callable[[], Any]:
    return lambda: handler(**arguments)


def _decoder(endpoint: Endpoint, kind: Any) -> msgspec.json.Decoder[Any]:
    try:
        return msgspec.json.Decoder(kind)
    except TypeError as error:
        raise RouteError(f"{endpoint}: the body's type cannot be decoded: {error}") from error
