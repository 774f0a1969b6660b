"""What is compressed, and what is left as it is."""

import gzip
from typing import Any

import pytest

from tests.tools.http.edge_asked import Inner, Pairs, asked
from tools.http.edge.layers import edge

LARGE = b'["' + b"much of the same " * 200 + b'"]'
JSON = (b"content-type", b"application/json")


async def answered(inner: Any, encodings: str | None = "gzip", method: str = "GET", **headers: str) -> Any:
    """Ask; the body of the answer is as it came."""
    given = {**headers, **({"accept-encoding": encodings} if encodings is not None else {})}
    async with (
        asked(inner, has_compression=True) as client,
        client.stream(method, "/", headers=given) as answer,
    ):
        raw = b"".join([part async for part in answer.aiter_raw()])
        return answer.status_code, dict(answer.headers), raw


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [("gzip", "gzip"), ("br, gzip", "br"), ("gzip, br, zstd", "zstd"), ("*", "zstd"), ("gzip;q=0.5, br;q=0", "gzip")],
)
async def test_the_best_that_the_client_takes_is_used(accepted: str, chosen: str) -> None:
    status, headers, raw = await answered(Inner(LARGE), accepted)

    assert (status, headers["content-encoding"], headers["vary"]) == (200, chosen, "Accept-Encoding")
    assert int(headers["content-length"]) == len(raw) < len(LARGE) / 4


@pytest.mark.parametrize("accepted", [None, "", "identity", "gzip;q=0", "deflate"])
async def test_who_takes_none_gets_it_plain_and_a_cache_is_told(accepted: str | None) -> None:
    _, headers, raw = await answered(Inner(LARGE), accepted)

    assert raw == LARGE
    assert "content-encoding" not in headers
    assert headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", [JSON], 200),
        (LARGE, [(b"content-type", b"image/png")], 200),
        (LARGE, [JSON, (b"content-encoding", b"br"), (b"etag", b'"1"')], 200),
        (LARGE, [JSON, (b"content-range", b"bytes 0-9/10"), (b"etag", b'"1"')], 206),
        (LARGE, [(b"content-type", b"text/event-stream")], 200),
    ],
    ids=["small", "no text", "encoded already", "a range", "an event stream"],
)
async def test_what_would_not_gain_or_would_break_is_left_alone(body: bytes, headers: Pairs, status: int) -> None:
    _, given, raw = await answered(Inner(body, headers, status))

    assert raw == body
    assert given.get("content-encoding", "") == dict(headers).get(b"content-encoding", b"").decode()
    assert given.get("etag") in (None, '"1"')


async def test_an_event_stream_is_sent_event_by_event() -> None:
    messages: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        assert messages[-1]["body"] == b"data: 1\n\n"
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"gzip")], "path": "/"}
    await edge(app, has_compression=True)(scope, None, send)

    assert messages[-1]["body"] == b"data: 2\n\n"


@pytest.mark.parametrize(("given", "answered_with"), [(b'"v1"', 'W/"v1"'), (b'W/"v1"', 'W/"v1"')])
async def test_the_etag_of_compressed_bytes_is_weak(given: bytes, answered_with: str) -> None:
    inner = Inner(LARGE, [JSON, (b"etag", given)])

    _, compressed, raw = await answered(inner)
    _, plain, _ = await answered(inner, "identity")

    assert (compressed["etag"], plain["etag"]) == (answered_with, given.decode())
    assert gzip.decompress(raw) == LARGE


async def test_an_etag_that_was_made_weak_here_is_strong_again_in_if_match() -> None:
    inner = Inner(LARGE, [JSON, (b"etag", b'"v1"')])
    _, headers, _ = await answered(inner)

    await answered(inner, method="PUT", **{"if-match": f'{headers["etag"]}, "v0"', "if-none-match": 'W/"v1"'})

    named = dict(inner.scope["headers"])
    assert (named[b"if-match"], named[b"if-none-match"]) == (b'"v1", "v0"', b'W/"v1"')


async def test_a_head_says_no_length_that_its_get_might_not_have() -> None:
    _, headers, raw = await answered(Inner(LARGE, [JSON, (b"etag", b'"v1"')]), method="HEAD")

    assert ("content-length" in headers, headers["etag"], headers["vary"], raw) == (
        False,
        'W/"v1"',
        "Accept-Encoding",
        b"",
    )


async def test_headers_and_messages_that_an_app_keeps_are_not_changed() -> None:
    kept = (
        {"type": "http.response.start", "status": 200, "headers": [JSON]},
        {"type": "http.response.body", "body": LARGE},
    )

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in kept:
            await send(message)

    first, second = await answered(app), await answered(app)

    assert first == second
    assert (kept[0]["headers"], kept[1]["body"]) == ([JSON], LARGE)
