"""What an endpoint's handler ended in: a value to encode, or an error to answer."""

import asyncio
import logging
from typing import Any

from starlette.requests import ClientDisconnect

from hookspecs import Refusal
from tools.http.answer import AnswerEncoder, encode
from tools.http.binder import EMPTY
from tools.http.body import UNREAD
from tools.http.context import RequestContext
from tools.http.endpoint import Endpoint
from tools.http.flow import Limit, is_end, is_late
from tools.http.outage import Outages
from tools.http.problem import Problem, of_refusal
from tools.http.replies import refuse

log = logging.getLogger(__name__)


class Outcome:
    """The outcomes of one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._errors = endpoint, endpoint.errors
        self._outages = Outages(f"{endpoint}: {endpoint.owner.name}")
        self._encode = encode if endpoint.answer_type is None else AnswerEncoder(endpoint.answer_type)
        self._encode_further = {status: AnswerEncoder(kind) for status, kind in endpoint.options.answers.items()}
        self._is_article_shaped = endpoint.plan.body_name == "data" and endpoint.declared is EMPTY

    def answer(self, value: Any, context: RequestContext | None) -> tuple[int, bytes]:
        """Encode what the handler returned, as what the status that it chose declares.

        Raises:
            Problem: 500, it is something else.
        """
        chosen = context.status if context else 0
        status = chosen or self._endpoint.status
        if value is None and self._endpoint.is_empty:
            return status, b""
        if self._is_article_shaped and not chosen and isinstance(value, dict) and value.get("success") is False:
            status = 400
        try:
            return status, self._encode_further.get(status, self._encode)(value)
        except Exception as error:
            log.error(
                "%s: the answer of %s is not what it declares: %s", self._endpoint, self._endpoint.owner.name, error
            )
            raise Problem(500) from error

    async def fail(
        self,
        error: BaseException,
        scope: Any,
        receive: Any,
        send: Any,
        request_id: str,
        context: RequestContext | None,
        raw: bytes | None,
        limit: Limit,
    ) -> None:
        """Answer an error; what ends the request or the process passes on."""
        if isinstance(error, asyncio.CancelledError) and is_late(limit):
            error = self._too_late(raw if context is None or raw is not None else context.body)
        if is_end(error):
            raise error
        limit[0] = 0
        problem = error if isinstance(error, Problem) else self.problem(error)
        if context is None:
            context = RequestContext(scope, receive, dict(scope["headers"]), request_id)
            context.limit = limit
            context.is_read = raw is not None and raw is not UNREAD
            context.max_body_bytes = self._endpoint.limits.max_body_bytes
        await refuse(context, send, problem)

    def _too_late(self, raw: bytes | None) -> Problem:
        if raw is UNREAD:
            return Problem(408, "the body did not arrive in time", is_last=True)
        log.error(
            "%s: %s took longer than %g s",
            self._endpoint,
            self._endpoint.owner.name,
            self._endpoint.limits.handler_timeout_s,
        )
        return Problem(504, "the answer took too long")

    def problem(self, error: BaseException) -> Problem:
        """Put what the guard or the handler raised into its answer; what is a fault of the server is in the log too."""
        meant = self._meant(error)
        if meant is not None:
            if meant.status >= 500:
                self._outages.warn(error, meant.status)
            return meant
        if isinstance(error, ClientDisconnect):
            return Problem(400, "the client left before the body was complete")
        log.error("%s: %s failed", self._endpoint, self._endpoint.owner.name, exc_info=error)
        return Problem(500)

    def _meant(self, error: BaseException) -> Problem | None:
        """Answer as the endpoint declares, or as a Refusal says."""
        for kind in type(error).__mro__:
            if kind in self._errors:
                status, detail, pointer = self._errors[kind]
                own = of_refusal(error) if isinstance(error, Refusal) and error.status == status else Problem(status)
                errors = [{"detail": detail, "pointer": pointer}] if pointer else None
                return Problem(status, detail or own.detail, errors=errors, headers=own.headers)
        return of_refusal(error) if isinstance(error, Refusal) else None
