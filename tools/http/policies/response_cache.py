"""Good answers to a GET, kept for some seconds (RFC 9111), and made once however many ask for them at the same time.

An answer is kept for its route, path and query, for the request headers that the handler's parameters are read from,
and on a guarded route for the token's subject and scopes. What a handler reads from the context by itself, it must not
vary by.
"""

import asyncio
from collections.abc import Hashable
from enum import Enum
from typing import Any

from starlette.responses import Response

from tools.http.context import RequestContext
from tools.http.policies.answer_cache import AnswerCache
from tools.http.policies.caller import owner_of_answer
from tools.http.policies.kept import Kept, again, kept
from tools.http.policies.step import Answer, Headers, Route, Step, is_rehearsed
from tools.http.problem import Problem

_UNSHARED = (b"no-store", b"no-cache", b"private")


class _End(Enum):
    """What a flight may end with beside an answer and an error."""

    ALONE = "its answer is for its own client"
    LOST = "it was cancelled"


class ResponseCache:
    """Answers from memory while an answer is fresh."""

    def __init__(self, route: Route, fresh_s: float, cache: AnswerCache) -> None:
        self._route, self._fresh_s, self._cache = route, fresh_s, cache
        kind = b"private, max-age=%d" if route.is_guarded else b"public, max-age=%d"
        vary = [(b"vary", ", ".join(route.reads).encode())] if route.reads else []
        self._headers: Headers = ((b"cache-control", kind % int(fresh_s)), *vary)
        self._flights: dict[Hashable, asyncio.Future[Kept | Problem | _End]] = {}

    def __call__(self, step: Step) -> Step:
        async def cached(context: RequestContext) -> Answer | Response:
            if is_rehearsed(context.scope):
                return await step(context)
            key = self._key(context)
            while True:
                found = self._cache.find(key)
                if found is not None:
                    return self._again(context, *found)
                flight = self._flights.get(key)
                if flight is None:
                    return await self._fly(key, step, context)
                end = await asyncio.shield(flight)  # who stops waiting does not stop the others
                if isinstance(end, Kept):
                    return self._again(context, end, 0.0)
                if isinstance(end, Problem):
                    raise Problem(end.status, end.detail, errors=end.errors, headers=end.headers)
                if end is _End.ALONE:
                    return await step(context)

        return cached

    def _key(self, context: RequestContext) -> tuple[Any, ...]:
        scope, route = context.scope, self._route
        who = (owner_of_answer(route, context), *getattr(context.claims, "scopes", ())) if route.is_guarded else ()
        given = tuple(tuple(context.headers.getlist(name)) for name in route.reads)
        return self, scope["path"], scope["query_string"], given, who

    async def _fly(self, key: tuple[Any, ...], step: Step, context: RequestContext) -> Answer | Response:
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        before = context.response_headers
        end: Kept | Problem | _End = _End.LOST
        try:
            answer = await step(context)
            one = kept(answer, context, before)
            if one is None or not self._is_shared(one, answer):
                end = _End.ALONE
                return answer
            end = one
            self._cache.put(key, len(repr(key[1:])), one, self._fresh_s)
        except Problem as problem:
            end = problem
            raise
        except Exception as error:
            refused = end = self._route.problem_of(error)
            raise refused from error
        finally:
            del self._flights[key]
            flight.set_result(end)
        context.response_headers = (*context.response_headers, *self._added(one))
        return answer

    def _is_shared(self, one: Kept, answer: Answer | Response) -> bool:
        """Whether it is as good for the next who asks as for this one."""
        has_effect = isinstance(answer, Response) and answer.background is not None
        if one.status != 200 or has_effect or one.values(b"set-cookie"):
            return False
        control = b",".join(one.values(b"cache-control")).lower()
        if any(word in control for word in _UNSHARED[: 2 if self._route.is_guarded else 3]):
            return False
        varied = {name.strip() for name in b",".join(one.values(b"vary")).decode("latin-1").lower().split(",")}
        return varied <= {"", *self._route.reads}

    def _again(self, context: RequestContext, one: Kept, age_s: float) -> Answer | Response:
        return again(one, context, (b"age", b"%d" % int(age_s)), *self._added(one))

    def _added(self, one: Kept) -> Headers:
        """Leave out what the handler has said by itself."""
        return tuple(pair for pair in self._headers if not one.values(pair[0]))
