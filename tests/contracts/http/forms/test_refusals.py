"""What is no form is refused, whatever arrives."""

import asyncio
import random
from typing import Annotated, Any

import pytest

from tests.contracts.http.forms.parts import (
    MULTIPART,
    URLENCODED,
    Boot,
    form,
    keep_file,
    keep_post,
    part,
    send,
)
from tests.contracts.http_served import Served
from tools.http.contract import File, Form, Upload


@pytest.mark.parametrize(
    "kind",
    [
        b"application/json",
        b"text/plain",
        b"multipart/mixed; boundary=b",
        b"application/x-www-form-urlencoded; charset=utf-16",
        b"multipart/form-data; boundary=b; charset=idna",
        b"x",
        b"",
    ],
)
async def test_what_is_no_form_is_refused(http: Served, kind: bytes) -> None:
    http.add("/x", "POST", keep_post)

    assert (await send(http, b"title=x", (b"content-type", kind)))[0] == 415


async def test_a_packed_form_is_refused(http: Served) -> None:
    http.add("/x", "POST", keep_post)

    status, _, _ = await http.raw("POST", "/x", headers=[URLENCODED, (b"content-encoding", b"gzip")])

    assert status == 415


WHOLE = form(part("title", b"a"), part("a", b"file", "f"))
MALFORMED = {
    "nothing": b"",
    "no boundary": b"title=x",
    "line ends only": b"\r\n" * 50_000,
    "another boundary": WHOLE.replace(b"--b", b"--c"),
    "no final boundary": WHOLE[: -len(b"--b--\r\n")],
    "no name": WHOLE.replace(b'name="title"', b"x=y"),
    "no disposition": WHOLE.replace(b"Content-Disposition", b"Content-Other"),
    "attachment": WHOLE.replace(b"form-data; name", b"attachment; name"),
    "base64": form(part("a", b"eA==", "f", b"Content-Transfer-Encoding: base64")),
    "a header without a colon": form(part("a", b"x", "f", b"Bad header")),
    "many headers": form(part("a", b"x", "f", *[b"X: y"] * 1_000)),
    "a long header": form(part("a", b"x", "f", b"X: " + b"y" * 100_000)),
    "a long header name": form(part("a", b"x", "f", b"X" * 100_000 + b": y")),
    "a long filename": form(part("a", b"x", "f" * 100_000)),
    "no text": form(part("title", b"\xff\xfe")),
    "a name that is no text": form(part("a", b"x")).replace(b'"a"', b'"\xff"'),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_malformed_is_refused(http: Served, body: bytes) -> None:
    async def handler(title: Annotated[str, Form()] = "", a: Annotated[Upload | None, File()] = None) -> str:
        return title

    http.add("/x", "POST", handler)

    assert [(await send(http, body, size=size))[0] for size in (65_536, 11)] == [400, 400]


@pytest.mark.parametrize("kind", [b"multipart/form-data", b"multipart/form-data; boundary=" + b"b" * 300])
async def test_a_boundary_that_is_none_is_refused(http: Served, kind: bytes) -> None:
    http.add("/x", "POST", keep_post)

    assert (await send(http, WHOLE, (b"content-type", kind)))[0] == 400


async def test_a_form_cut_short_anywhere_is_refused(http: Served) -> None:
    async def handler(title: Annotated[str, Form()] = "", a: Annotated[Upload | None, File()] = None) -> str:
        return title

    http.add("/x", "POST", handler)
    end = len(WHOLE) - len(b"\r\n")  # what follows the last boundary is no part of the form

    statuses = [(await send(http, WHOLE[:length]))[0] for length in range(end + 1)]

    assert statuses == [400] * end + [200]


@pytest.mark.parametrize("body", [b"title=%FF", b"%FF=x", b"title=\xff"])
async def test_a_field_that_is_no_text_is_refused(http: Served, body: bytes) -> None:
    http.add("/x", "POST", keep_post)

    assert (await send(http, body, URLENCODED))[0] == 400


async def test_whatever_arrives_is_answered_on_purpose(http: Served) -> None:
    async def handler(title: Annotated[str, Form()] = "", a: Annotated[Upload | None, File()] = None) -> int:
        return len(title) + (a.size_bytes if a else 0)

    http.add("/x", "POST", handler)
    chance, scraps = (
        random.Random(7),
        [b"\r\n", b"--", b"--b", b"--b--", b'"', b"\x00", b";", b"=", b"\xff", b"&", b"%", b""],
    )

    for _ in range(2_000):
        body = WHOLE if chance.random() < 0.8 else b"title=a&b=%41"
        for _ in range(chance.randint(1, 5)):
            at = chance.randint(0, len(body))
            body = body[:at] + chance.choice(scraps) + body[at + chance.randint(0, 3) :]
        status, _ = await send(http, body, chance.choice([MULTIPART, URLENCODED]), chance.choice([1, 13, 65_536]))
        assert status in (200, 400, 413, 422), body


async def test_a_client_that_leaves_half_way_is_told_so(http: Served) -> None:
    http.add("/x", "POST", keep_post)
    half = {"type": "http.request", "body": WHOLE[:40], "more_body": True}

    status, _, answer = await http.raw("POST", "/x", half, headers=[MULTIPART])

    assert status == 400
    assert b"the client left before the form was complete" in answer


async def test_a_form_that_does_not_arrive_is_given_up(boot: Boot) -> None:
    http = await boot(HTTP_BODY_TIMEOUT_S="0.05")
    http.add("/x", "POST", keep_file)
    sent: list[Any] = []
    parts = [{"type": "http.request", "body": WHOLE[:40], "more_body": True}]

    async def receive() -> Any:
        return parts.pop() if parts else await asyncio.Event().wait()

    async def take(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/x"}
    scope |= {"query_string": b"", "headers": [(b"host", b"localhost"), MULTIPART]}
    await http.app(scope, receive, take)

    assert sent[0]["status"] == 408
