"""Entity tags: what a client has is not sent again, and no update is lost."""

from typing import Any

import pytest
from starlette.responses import PlainTextResponse, Response

from hookspecs import Refusal
from tests.contracts.http.policies.callers import Bearer, Counted, by, streamed
from tests.contracts.http_served import Served
from tools.http.contract import Context, RouteError


async def test_a_client_that_has_the_answer_is_not_sent_it_again(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", lambda: {"a": 1}, etag=True)
    tag = (await http.get("/x")).headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = await http.get("/x", headers={"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert not {"content-type", "content-length"} & {*answer.headers}
    assert (await http.client.head("/x", headers={"if-none-match": tag})).status_code == 304
    for unknown in ('"other"', tag.strip('"'), "", '"'):
        assert (await http.get("/x", headers={"if-none-match": unknown})).json() == {"a": 1}


async def test_a_tag_follows_the_bytes_and_errors_have_none(http: Served) -> None:
    async def echo(q: int) -> int:
        if q < 0:
            raise Refusal(404, "nothing here")
        return q

    http.add("/x", "GET", echo, etag=True)
    tags = [(await http.get(f"/x?q={q}")).headers.get("etag") for q in (1, 2, 1, -1)]

    assert tags[0] == tags[2] != tags[1]
    assert (tags[3], len(str(tags[0]))) == (None, 34)


@pytest.mark.parametrize("options", [{}, {"etag": True}], ids=["by itself", "in place of the bytes"])
async def test_a_handler_says_which_version_it_answers(http: Served, options: dict[str, Any]) -> None:
    async def versioned(context: Context) -> str:
        context.set_header("content-language", "en")
        context.set_header("vary", "accept-language")
        context.set_etag("6")
        context.set_etag("7")
        return "x"

    http.add("/x", "GET", versioned, **options)
    fresh, known = await http.get("/x"), await http.get("/x", headers={"if-none-match": '"7"'})

    assert (fresh.headers.get_list("etag"), fresh.json()) == (['"7"'], "x")
    assert (known.status_code, known.headers["vary"], "content-language" in known.headers) == (
        304,
        "accept-language",
        False,
    )


@pytest.mark.parametrize("version", ["", "a b", 'a"b', "a\r\nb", "\u0100"], ids=ascii)
async def test_a_version_that_no_tag_can_hold_is_the_handler_s_error(http: Served, version: str) -> None:
    async def versioned(context: Context) -> None:
        with pytest.raises(ValueError, match="is no entity tag: leave out spaces and quotes$"):
            context.set_etag(version)

    http.add("/x", "GET", versioned)

    assert (await http.get("/x")).status_code == 204


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"7"', 200), ('"6", "7"', 200), ("*", 200), ('"6"', 412), ('W/"7"', 412), ("7", 412), ("", 412), (None, 428)],
)
async def test_a_change_is_made_only_to_the_version_that_the_client_saw(
    http: Served, if_match: str | None, status: int
) -> None:
    async def change(context: Context) -> str:
        context.check_etag("7")
        return "changed"

    async def change_anyway(context: Context) -> str:
        context.check_etag("7", required=False)
        return "changed"

    http.add("/x", "PUT", change)
    http.add("/anyway", "PUT", change_anyway)
    headers = {} if if_match is None else {"if-match": if_match}

    assert (await http.client.put("/x", headers=headers)).status_code == status
    assert (await http.client.put("/anyway")).status_code == 200


async def test_a_guarded_answer_with_a_tag_may_be_kept_by_its_client_and_asked_about(http: Served) -> None:
    http.add("/x", "GET", lambda: 1, guard=Bearer(), etag=True)

    fresh = await http.get("/x", headers=by("ana"))
    known = await http.get("/x", headers={**by("ana"), "if-none-match": fresh.headers["etag"]})

    assert [one.headers.get_list("cache-control") for one in (fresh, known)] == [["private, no-cache"]] * 2
    assert known.status_code == 304


async def test_a_response_of_starlette_s_has_a_tag_and_one_that_streams_has_none(http: Served) -> None:
    async def page() -> Response:
        return PlainTextResponse("hello", headers={"vary": "accept"})

    async def stream() -> Response:
        return await streamed({})

    http.add("/page", "GET", page, etag=True)
    http.add("/stream", "GET", stream, etag=True)
    whole = await http.get("/page")
    known = await http.get("/page", headers={"if-none-match": whole.headers["etag"]})
    running = await http.get("/stream", headers={"if-none-match": "*"})

    assert (whole.text, known.status_code, known.headers["vary"], known.content) == ("hello", 304, "accept", b"")
    assert (running.status_code, running.content, "etag" in running.headers) == (200, b"x", False)


async def test_a_cached_answer_is_compared_too_and_only_whole_ones_are_cached(http: Served, counted: Counted) -> None:
    http.add("/x", "GET", counted.get, cache_s=60.0, etag=True)

    first = await http.get("/x", headers={"if-none-match": "*"})
    fresh = await http.get("/x")
    known = await http.get("/x", headers={"if-none-match": fresh.headers["etag"]})

    assert [first.status_code, fresh.status_code, known.status_code, counted.runs] == [304, 200, 304, 1]
    assert (fresh.json(), known.headers["cache-control"]) == ({"run": 1}, "public, max-age=60")


def test_a_tag_of_the_bytes_is_for_a_get(http: Served, counted: Counted) -> None:
    with pytest.raises(RouteError, match=r"^POST /x: etag is for GET: in a POST, say context.check_etag\(version\)$"):
        http.add("/x", "POST", counted.post, etag=True)
