"""Errors in the OpenAPI document: one schema, and one shared response for each status that http answers by itself."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import FileResponse

from tools.http.binder import EMPTY
from tools.http.declared import response_kinds
from tools.http.endpoint import Endpoint
from tools.http.problem import MEDIA_TYPE, phrase

Json = dict[str, Any]
REQUEST_ID: Json = {
    "description": "names this request in the log; the client's own one, where it sent one",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    "example": "9f86d081884c7d659a2feaa0c55ad015",
}
HEADERS: Json = {"x-request-id": {"$ref": "#/components/headers/RequestId"}}
_MORE_HEADERS: Mapping[int, Json] = {
    401: {"www-authenticate": {"description": "how to sign in", "schema": {"type": "string"}}},
    429: {"retry-after": {"description": "seconds to wait", "schema": {"type": "integer"}}},
    503: {"retry-after": {"description": "seconds to wait, where that is known", "schema": {"type": "integer"}}},
}
_EVERYWHERE: Mapping[int, str] = {
    400: "the request's head, or the way its body came, is wrong",
    414: "the URL is too long",
    431: "the headers are too large, or too many",
    500: "something failed; the log says what, under the request's id",
    503: "too much is under way, or a part that this needs is not well",
    504: "the answer took too long",
}
_WITH_BODY: Mapping[int, str] = {
    408: "the body did not arrive in time",
    413: "the body is too large",
}
_OF_FILE: Mapping[int, str] = {
    412: "the file is another version",
    416: "no range lies in the file",
}
_WRONG_TYPE = "the body's media type, or its encoding, is not taken"
_NOT_FOUND = "nothing is here"


def problem_schema() -> Json:
    """Describe RFC 9457's object, and what ours has besides."""
    field = {"detail": {"type": "string"}, "pointer": {"type": "string"}, "parameter": {"type": "string"}}
    return {
        "title": "Problem",
        "description": "RFC 9457 problem details",
        "type": "object",
        "required": ["type", "title", "status", "instance"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference", "description": "the request's id, as a URN"},
            "errors": {
                "description": "the fields at fault: a JSON pointer (RFC 6901) into the body, or a parameter's name",
                "type": "array",
                "items": {"type": "object", "required": ["detail"], "properties": field},
            },
        },
    }


class Problems:
    """The responses of one document that are errors; what most operations say of a status is written once."""

    def __init__(self, endpoints: Iterable[Endpoint], schema: Json) -> None:
        self._schema = schema
        texts: dict[int, Counter[str]] = {}
        for one in endpoints:
            for status, text in _texts(one).items():
                texts.setdefault(status, Counter())[text] += 1
        self._shared = {status: counts.most_common(1)[0][0] for status, counts in sorted(texts.items())}

    def of(self, one: Endpoint) -> Json:
        """Answer with every error that an operation can end in; `default` is what a handler's Refusal says."""
        responses = {str(status): self._response(status, text) for status, text in sorted(_texts(one).items())}
        if is_article_shaped(one):
            own = problem_response(400, _EVERYWHERE[400], self._schema)
            responses["400"] = {
                **own,
                "content": {**own["content"], "application/json": {"schema": {"type": "object"}}},
            }
        return {**responses, "default": {"$ref": "#/components/responses/Problem"}}

    def components(self) -> Json:
        """List the shared responses, by name."""
        shared = {0: "any other error", **self._shared}
        return {_name(status): problem_response(status, text, self._schema) for status, text in shared.items()}

    def _response(self, status: int, text: str) -> Json:
        if self._shared[status] != text:
            return problem_response(status, text, self._schema)
        return {"$ref": f"#/components/responses/{_name(status)}"}


def _texts(one: Endpoint) -> dict[int, str]:
    """Say of each status what it can mean here: what the endpoint declares, else what http means by it."""
    return {**dict(_tool_made(one)), **one.declared_problems()}


def is_article_shaped(one: Endpoint) -> bool:
    """Whether the handler's own dict is answered with 400 where it says `success: False`."""
    return one.plan.body_name == "data" and one.plan.returns is EMPTY and one.options.response_model is None


def problem_response(status: int, text: str, schema: Json) -> Json:
    """Describe one error; status 0 is any."""
    media: Json = {"schema": schema}
    if status:
        media["example"] = _example(status, text)
    headers = {**HEADERS, **_MORE_HEADERS.get(status, {})}
    return {"description": text, "headers": headers, "content": {str(MEDIA_TYPE, "ascii"): media}}


def _name(status: int) -> str:
    return f"Problem{status or ''}"


def _example(status: int, text: str) -> Json:
    shown: Json = {"type": "about:blank", "title": phrase(status), "status": status}
    if status != 500:  # its text is in the log alone
        shown["detail"] = text
    if status == 422:
        shown["errors"] = [{"detail": "Expected `str`, got `int`", "pointer": "/name"}]
    return {**shown, "instance": f"urn:request:{REQUEST_ID['example']}"}


def _tool_made(one: Endpoint) -> Iterable[tuple[int, str]]:
    yield from _EVERYWHERE.items()
    if one.path.names:
        yield 404, _NOT_FOUND
    if one.method == "GET" and any(issubclass(kind, FileResponse) for kind in response_kinds(one.declared)):
        yield from _OF_FILE.items()
    if one.plan.body is not None or any(parameter.source == "form" for parameter in one.plan.parameters):
        yield from _WITH_BODY.items()
        if not one.plan.is_raw:
            yield 415, _WRONG_TYPE
