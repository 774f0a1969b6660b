"""A request that is repeated with its `Idempotency-Key` runs once: draft-ietf-httpapi-idempotency-key-header-07.

    claim the key (one atomic count) -> run -> keep the answer for a day -> the same answer to each repetition

A claim ends with its lease, so that a process that dies in between blocks nobody for ever. What was not carried out may
be tried again: errors of the server, and those that http finds before the handler runs. What was carried out and is too
large to keep, or written piece by piece, is not run again: its repetition is told so with 409. Neither is what failed
after a tool had stored something, or may have: a COMMIT without an answer, a deadline that came just after it.
"""

import asyncio
import logging
import re
from collections.abc import Iterable
from hashlib import blake2b

import msgspec
from msgspec import Struct
from starlette.responses import Response

from hookspecs import stored
from tools.http.body import check_length, gather
from tools.http.context import RequestContext
from tools.http.contract import Counters
from tools.http.flow import is_late
from tools.http.policies.caller import owner_of_answer
from tools.http.policies.kept import Kept, again, kept
from tools.http.policies.step import Answer, Headers, Route, Step
from tools.http.policies.stores import Stores
from tools.http.problem import Problem

log = logging.getLogger(__name__)
KEPT_S = 86_400.0
MAX_KEPT_BYTES = 65_536
LEASE_MARGIN_S = 10.0  # what a run may take beside its handler
SETTLE_S = 1.0  # for the store, once the handler is done: its deadline is over then
RETRY_STATUSES = (408, 425, 429)  # they say themselves that the same request may be sent again
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_REPLAYED = (b"idempotency-replayed", b"true")


class _Refused(Struct, frozen=True, array_like=True):
    status: int
    detail: str
    errors: list[dict[str, str]] | None
    headers: Headers
    own: Headers


class _Record(Struct, frozen=True, array_like=True):
    """What became of a key; with neither answer nor refusal it was carried out, and no more is known."""

    mark: bytes
    answer: Kept | None = None
    refused: _Refused | None = None


_decode = msgspec.msgpack.Decoder(_Record).decode


class Idempotency:
    """Runs a route once for each key of a caller; without a key it runs each time."""

    def __init__(self, route: Route, stores: Stores) -> None:
        self._route, self._stores = route, stores
        self._lease_s = route.handler_timeout_s + LEASE_MARGIN_S

    def __call__(self, step: Step) -> Step:
        async def once(context: RequestContext) -> Answer | Response:
            if b"idempotency-key" not in context.named:
                return await step(context)
            place = self._place(context)
            mark = await self._mark(context)
            counters = self._stores.answers
            is_first = await counters.increment(f"{place} run", ttl=self._lease_s) == 1
            found = await counters.get(place)  # after the claim: what ran in between has left its answer
            if found is not None:
                return _replayed(_decode(found), mark, context)
            if not is_first:
                detail = "a request with this Idempotency-Key is under way: wait for its answer"
                raise Problem(409, detail, headers=[(b"retry-after", b"1")])
            return await self._run(step, context, counters, place, mark)

        return once

    def _place(self, context: RequestContext) -> str:
        given = context.headers.getlist("idempotency-key")
        if len(given) != 1 or not _KEY.fullmatch(given[0]):
            raise Problem(400, "the Idempotency-Key is not one text of 1 to 255 visible characters")
        texts = (self._route.name, owner_of_answer(self._route, context), given[0])
        return f"once {_digest(*(text.encode('utf-8', 'replace') for text in texts)).hex()}"

    async def _mark(self, context: RequestContext) -> bytes:
        """Tell this request from another under the same key."""
        scope, body = context.scope, await _read_body(context, self._route.body_timeout_s)
        kind = context.named.get(b"content-type", b"")
        return _digest(scope["path"].encode("utf-8", "replace"), scope["query_string"], kind, body)

    async def _run(
        self, step: Step, context: RequestContext, counters: Counters, place: str, mark: bytes
    ) -> Answer | Response:
        before, notes = context.response_headers, list[str]()
        stored.set(notes)  # in the request's own context
        try:
            try:
                answer = await step(context)
            finally:
                context.limit[0] = 0  # or what comes just in time is not kept, and the request would run again
        except asyncio.CancelledError:
            if self._route.is_async or notes:  # a `def` runs on in its thread: its key is free when the lease ends
                await _settle(counters, place, _unanswered(mark, notes))
            raise
        except Problem:  # http's own: the handler did not run, or what it did is not to be told
            await _settle(counters, place, _unanswered(mark, notes))
            raise
        except Exception as error:
            problem = self._route.problem_of(error)
            own = tuple(pair for pair in context.response_headers if pair not in before)
            await _settle(counters, place, _of_problem(problem, own, mark) or _unanswered(mark, notes))
            raise problem from error
        status = answer.status_code if isinstance(answer, Response) else answer[0]
        headers = (*context.response_headers, *getattr(answer, "raw_headers", ()))
        record = None if _asks_again(status, headers) else _Record(mark, kept(answer, context, before))
        await _settle(counters, place, record or _unanswered(mark, notes))
        return answer


async def _settle(counters: Counters, place: str, record: _Record | None) -> None:
    """Keep what became of the key; where that is nothing, it may be tried again."""
    await (_release(counters, place) if record is None else _keep(counters, place, record))


def _unanswered(mark: bytes, notes: list[str]) -> _Record | None:
    """What failed after something was stored is not to run again, though there is no answer to give."""
    return _Record(mark) if notes else None


def _of_problem(problem: Problem, own: Headers, mark: bytes) -> _Record | None:
    if _asks_again(problem.status, problem.headers):
        return None
    return _Record(mark, refused=_Refused(problem.status, problem.detail, problem.errors, tuple(problem.headers), own))


def _asks_again(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an answer says that the same request may be sent again; a 202 with Retry-After means another one."""
    if status < 400:
        return False
    return status >= 500 or status in RETRY_STATUSES or any(name == b"retry-after" for name, _ in headers)


def _replayed(record: _Record, mark: bytes, context: RequestContext) -> Answer | Response:
    if record.mark != mark:
        raise Problem(422, "this Idempotency-Key was sent with another request: make a new key for each")
    if record.answer is not None:
        return again(record.answer, context, _REPLAYED)
    if record.refused is None:
        raise Problem(409, "this was carried out, or may have been, and there is no answer kept: look for the result")
    one = record.refused
    context.response_headers = (*context.response_headers, *one.own)
    raise Problem(one.status, one.detail, errors=one.errors, headers=[*one.headers, _REPLAYED])


async def _keep(counters: Counters, place: str, record: _Record) -> None:
    """Keep what the handler did; that this fails is no reason to tell the client that it was not done."""
    encoded = msgspec.msgpack.encode(record)
    if len(encoded) > MAX_KEPT_BYTES:
        encoded = msgspec.msgpack.encode(_Record(record.mark))
    try:
        async with asyncio.timeout(SETTLE_S):
            await counters.set(place, encoded, ttl=KEPT_S)
    except Exception:
        log.exception("an answer is not kept: the request would run again when the lease of its key ends")


async def _release(counters: Counters, place: str) -> None:
    """Free the key; if that fails, its lease does."""
    try:
        async with asyncio.timeout(SETTLE_S):
            await counters.delete(f"{place} run")
    except Exception:
        log.exception("a key is not released: it is free when its lease ends")


async def _read_body(context: RequestContext, timeout_s: float) -> bytes:
    """Read the body before the step does, which then takes it from the context.

    Raises:
        Problem: 400, 408, 413.
    """
    if context.body is None:
        check_length(context.named.get(b"content-length", b"0"), context.max_body_bytes)
        patience_s, context.limit[0] = context.limit[0], timeout_s
        try:
            context.body = await gather(context.receive, context.max_body_bytes, await context.receive())
        except asyncio.CancelledError:
            if is_late(context.limit):
                raise Problem(408, "the body did not arrive in time", is_last=True) from None
            raise
        context.limit[0], context.is_read = patience_s, True
    return context.body


def _digest(*parts: bytes) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:  # each with its length: no two lists of parts are the same bytes
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()
