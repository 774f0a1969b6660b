"""Conditional requests: a client that has an answer is not sent it again, and nobody overwrites what they did not see.

RFC 9110 sections 8.8.3 (ETag), 13.1.1 (If-Match, compared strongly), 13.1.2 (If-None-Match, compared weakly), 15.4.5
(304).
"""

import re
from hashlib import blake2b

from starlette.responses import Response

from hookspecs import Refusal
from tools.http.context import RequestContext
from tools.http.policies.step import Answer, Headers, Policy, Step, values_of

_TAGS = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_VERSION = re.compile(r"[\x21\x23-\x7e\x80-\xff]+")
_OF_THE_BODY = frozenset(
    {b"content-type", b"content-length", b"content-encoding", b"content-language", b"last-modified"}
)
"""What a 304 leaves out: the client has it (RFC 9110 15.4.5)."""


def tag_of(version: str) -> str:
    """Write a version as a strong entity tag.

    Raises:
        ValueError: a space, a quote or a control character in it, or nothing.

    >>> tag_of("7")
    '"7"'
    """
    if not _VERSION.fullmatch(version):
        raise ValueError(f"context: the version {version!r} is no entity tag: leave out spaces and quotes")
    return f'"{version}"'


def matches(if_none_match: str, tag: str) -> bool:
    """Whether a client has this already: weak and strong tags are equal here.

    >>> matches('"1", W/"2"', '"2"'), matches("*", '"2"'), matches("2", '"2"')
    (True, True, False)
    """
    wanted = tag.removeprefix("W/")
    return if_none_match.strip() == "*" or any(one.removeprefix("W/") == wanted for one in _parsed(if_none_match))


def check(context: RequestContext, version: str, *, required: bool) -> None:
    """Go on only if the client means this version.

    Raises:
        Refusal: 412 it means another, 428 it names none and has to.
        ValueError: the version is no entity tag.
    """
    tag = tag_of(version)
    if b"if-match" not in context.named:
        if required:
            raise Refusal(428, "send If-Match with the ETag of what you change")
        return
    given = _joined(context, "if-match")
    if given.strip() != "*" and tag not in _parsed(given):  # a weak one is never equal to ours
        raise Refusal(412, "it has changed since: get it again, and repeat the change")


def put(context: RequestContext, version: str) -> None:
    """Set the ETag of the answer, in place of one before.

    Raises:
        ValueError: the version is no entity tag.
    """
    rest = [pair for pair in context.response_headers if pair[0] != b"etag"]
    context.response_headers = (*rest, (b"etag", tag_of(version).encode("latin-1")))


def tagged(step: Step) -> Step:
    """Set the ETag of a whole good answer from its bytes, unless the handler has set one."""

    async def with_tag(context: RequestContext) -> Answer | Response:
        answer = await step(context)
        status, body, headers = _parts(answer, context)
        if status == 200 and body is not None and not values_of(headers, b"etag"):
            put(context, blake2b(body, digest_size=16).hexdigest())
        return answer

    return with_tag


def conditional(*, is_guarded: bool) -> Policy:
    """Answer a GET with 304 where the client has what the ETag says."""

    def around(step: Step) -> Step:
        async def unless_known(context: RequestContext) -> Answer | Response:
            answer = await step(context)
            status, body, headers = _parts(answer, context)
            tags = values_of(headers, b"etag")
            if status != 200 or body is None or not tags:  # what is written piece by piece has begun already
                return answer
            if is_guarded and not values_of(headers, b"cache-control"):
                # in place of `no-store`: who keeps nothing has nothing to ask with
                context.response_headers = (*context.response_headers, (b"cache-control", b"private, no-cache"))
            is_known = b"if-none-match" in context.named and matches(
                _joined(context, "if-none-match"), tags[-1].decode("latin-1")
            )
            return _not_modified(answer, context) if is_known else answer

        return unless_known

    return around


def _not_modified(answer: Answer | Response, context: RequestContext) -> Answer:
    own = context.response_headers
    if isinstance(answer, Response):
        given = {name for name, _ in answer.raw_headers}  # a Response's header stands in place of the context's
        own = (*(pair for pair in own if pair[0] not in given), *answer.raw_headers)
    context.response_headers = tuple(pair for pair in own if pair[0] not in _OF_THE_BODY)
    return 304, b""


def _parts(answer: Answer | Response, context: RequestContext) -> tuple[int, bytes | memoryview | None, Headers]:
    if not isinstance(answer, Response):
        return *answer, context.response_headers
    body = getattr(answer, "body", None)
    is_whole = isinstance(body, bytes | memoryview)
    return answer.status_code, body if is_whole else None, (*context.response_headers, *answer.raw_headers)


def _joined(context: RequestContext, name: str) -> str:
    return ", ".join(context.headers.getlist(name))


def _parsed(text: str) -> list[str]:
    """List the entity tags of a header; a word that is none is left out."""
    return _TAGS.findall(text)
