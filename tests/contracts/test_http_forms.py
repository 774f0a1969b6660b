"""Forms and files: what binds, what is refused, and what is left afterwards."""

import asyncio
import os
import random
import resource
import stat
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import pytest
import pytest_asyncio
from msgspec import Meta, Struct, json
from starlette.responses import Response, StreamingResponse

from tests.contracts.http_served import Served, serve, typed
from tools.http.contract import Context, File, Form, Query, RouteError, Upload

MULTIPART = (b"content-type", b"multipart/form-data; boundary=b")
URLENCODED = (b"content-type", b"application/x-www-form-urlencoded")
MIB = 1_048_576
Boot = Any


@pytest_asyncio.fixture(params=["tools.http"])
async def boot(request: pytest.FixtureRequest) -> AsyncIterator[Boot]:
    served: list[Served] = []

    async def booted(**environ: str) -> Served:
        served.append(await serve(request.param, environ))
        return served[-1]

    yield booted
    for one in served:
        await one.client.aclose()


@pytest_asyncio.fixture
async def http(boot: Boot) -> Served:
    served: Served = await boot()
    return served


class Colour(Enum):
    RED = "red"


class NewPost(Struct, forbid_unknown_fields=True):
    title: Annotated[str, Meta(min_length=1, max_length=20)]
    votes: int = 0
    day: date | None = None
    tags: list[str] = []
    is_open: bool = False


def part(name: str, value: bytes = b"x", filename: str | None = None, *headers: bytes) -> bytes:
    disposition = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    lines = [b"--b", b"Content-Disposition: " + disposition.encode(), *headers, b"", value, b""]
    return b"\r\n".join(lines)


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--b--\r\n"


def arriving(body: bytes, size: int = 65_536) -> list[dict[str, Any]]:
    starts = range(0, max(len(body), 1), size)
    return [{"type": "http.request", "body": body[at : at + size], "more_body": at + size < len(body)} for at in starts]


async def send(http: Served, body: bytes, kind: Any = MULTIPART, size: int = 65_536) -> tuple[int, bytes]:
    status, _, answer = await http.raw("POST", "/x", *arriving(body, size), headers=[kind])
    return status, answer


async def keep_post(new: Annotated[NewPost, Form()]) -> NewPost:
    return new


async def keep_file(picture: Annotated[Upload, File()]) -> list[Any]:
    return [picture.filename, picture.content_type, picture.size_bytes, (await picture.read()).decode("latin-1")]


# ---------------------------------------------------------------- binding: fields


async def test_a_struct_takes_the_fields_of_a_form(http: Served) -> None:
    http.add("/x", "POST", keep_post)
    fields = {"title": "Caf\u00e9 & co", "votes": "7", "day": "2026-02-03", "tags": ["a", "b"], "is_open": "true"}

    urlencoded = await http.post("/x", data=fields)
    multipart = await http.post("/x", data=fields, files={"ignored": b"x"})

    assert urlencoded.json() == {**fields, "votes": 7, "is_open": True}
    assert multipart.json() == urlencoded.json()


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        (str, "a=1&a=2", "2"),
        (str, "a=", ""),
        (str, "a", ""),
        (int, "a=-7", -7),
        (int | None, "a=7", 7),
        (list[int], "a=1&a=2", [1, 2]),
        (set[str], "a=1&a=1", ["1"]),
        (Colour, "a=red", "red"),
        (date, "a=2026-02-03", "2026-02-03"),
        (str, "a=a+b%20c%C3%A9", "a b c\u00e9"),
        (str, "&&a=1&", "1"),
    ],
)
async def test_a_field_becomes_the_type_that_is_declared(http: Served, kind: Any, sent: str, value: Any) -> None:
    async def handler(a: Any) -> Any:
        return a

    http.add("/x", "POST", typed(handler, a=Annotated[kind, Form()]))

    answer = await http.post("/x", content=sent, headers={"content-type": URLENCODED[1].decode()})

    assert (answer.status_code, answer.json()) == (200, value)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (int, "a=x"),
        (int, "a=1.0"),
        (int, "a=9223372036854775808"),
        (int, "a="),
        (int, ""),
        (str, "b=1"),
        (list[int], "a=1&a=x"),
        (Colour, "a=green"),
        (Annotated[str, Meta(min_length=1)], "a="),
    ],
)
async def test_a_field_that_is_not_valid_is_named(http: Served, kind: Any, sent: str) -> None:
    async def handler(a: Any) -> None: ...

    http.add("/x", "POST", typed(handler, a=Annotated[kind, Form()]))

    answer = await http.post("/x", content=sent, headers={"content-type": URLENCODED[1].decode()})

    assert answer.status_code == 422
    assert answer.json()["detail"] == "the form parameter 'a' is not valid"
    assert answer.json()["errors"][0]["parameter"] == "a"


@pytest.mark.parametrize(
    ("sent", "parameter"),
    [
        ("title=x&votes=many", "votes"),
        ("title=x&votes=1e0", "votes"),
        ("title=x&votes=99999999999999999999", "votes"),
        ("title=", "title"),
        ("votes=1", "title"),
        ("title=x&extra=1", "extra"),
        ("title=x&day=today", "day"),
        ("", "title"),
    ],
)
async def test_a_structs_field_that_is_not_valid_is_named(http: Served, sent: str, parameter: str) -> None:
    http.add("/x", "POST", keep_post)

    answer = await http.post("/x", content=sent, headers={"content-type": URLENCODED[1].decode()})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == parameter


async def test_a_number_or_a_date_left_empty_was_not_filled_in(http: Served) -> None:
    async def handler(age: Annotated[int | None, Form()] = 3, name: Annotated[str, Form()] = "x") -> list[Any]:
        return [age, name]

    http.add("/x", "POST", keep_post)
    http.add("/y", "POST", handler)

    assert (await http.post("/x", data={"title": "t", "votes": "", "day": ""})).json()["day"] is None
    assert (await http.post("/y", data={"age": "", "name": ""})).json() == [3, ""]


async def test_defaults_stand_for_what_is_not_sent(http: Served) -> None:
    async def handler(
        new: Annotated[NewPost | None, Form()] = None,
        nick: Annotated[str, Form("nick-name")] = "anon",
        picture: Annotated[Upload | None, File()] = None,
        more: Annotated[list[Upload] | None, File()] = None,
    ) -> list[Any]:
        return [new, nick, picture, more]

    http.add("/x", "POST", handler)

    assert (await http.post("/x")).json() == [None, "anon", None, None]
    assert (await http.post("/x", data={"title": "t", "nick-name": "a"})).status_code == 422
    assert (await send(http, form()))[1] == b'[null,"anon",null,null]'


async def test_a_form_beside_path_query_and_context(http: Served) -> None:
    async def handler(
        id: int, context: Context, a: Annotated[str, Form()], page: Annotated[int, Query()] = 1
    ) -> list[Any]:
        return [id, a, page, context.headers["host"]]

    http.add("/x/{id}", "PUT", handler)

    answer = await http.client.put("/x/3?page=2", data={"a": "b"})

    assert answer.json() == [3, "b", 2, "localhost"]


# ---------------------------------------------------------------- binding: files


@pytest.mark.parametrize("size", [1, 7, 65_536])
async def test_a_file_is_given_as_it_was_sent_however_it_arrives(http: Served, size: int) -> None:
    http.add("/x", "POST", keep_file)
    content = b"\r\n--b\r\x00\xff--bx\r\n--"

    body = form(part("title"), part("picture", content, "a b.png", b"Content-Type: image/png"))
    status, answer = await send(http, body, size=size)

    assert status == 200
    expected = ["a b.png", "image/png", len(content), content.decode("latin-1")]
    assert json.decode(answer) == expected


async def test_several_files_of_one_name(http: Served) -> None:
    async def handler(pictures: Annotated[list[Upload], File("p")], last: Annotated[Upload, File("p")]) -> list[Any]:
        return [[one.filename for one in pictures], last.filename, (await pictures[0].read()).decode()]

    http.add("/x", "POST", handler)

    answer = await http.post("/x", files=[("p", ("1.txt", b"one")), ("p", ("2.txt", b"two"))])

    assert answer.json() == [["1.txt", "2.txt"], "2.txt", "one"]


async def test_a_file_that_was_not_chosen_or_is_a_field_is_missing(http: Served) -> None:
    http.add("/x", "POST", keep_file)

    for body in (form(), form(part("picture", b"", "")), form(part("picture", b"text"))):
        status, answer = await send(http, body)
        assert status == 422
        assert b'"parameter":"picture"' in answer
    assert (await http.post("/x", data={"picture": "x"})).status_code == 422


@pytest.mark.parametrize("size_bytes", [0, 10, MIB, MIB + 1, 3 * MIB])
async def test_a_file_in_memory_or_on_disk_is_read_in_pieces(http: Served, size_bytes: int) -> None:
    content = os.urandom(size_bytes)

    async def handler(a: Annotated[Upload, File()], b: Annotated[Upload, File()]) -> Response:
        other, pieces = await b.read(), list[bytes]()
        while piece := await a.read(100_001):
            pieces.append(piece)
        assert await a.read() == b""
        return Response(b"".join(pieces) + other)

    http.add("/x", "POST", handler)

    status, answer = await send(http, form(part("a", content, "a"), part("b", b"other" * 9, "b")))

    assert (status, answer == content + b"other" * 9) == (200, True)


@pytest.mark.parametrize("value", [b"text/html\x00", b"no type", b"", b"a/b\r\n c", b"/", b"\xff/x"])
async def test_a_content_type_that_is_none_is_plain_bytes(http: Served, value: bytes) -> None:
    http.add("/x", "POST", keep_file)

    status, answer = await send(http, form(part("picture", b"x", "a", b"Content-Type: " + value)))

    assert status == 400 or b'"application/octet-stream"' in answer


# ---------------------------------------------------------------- keeping a file


@pytest.mark.parametrize(
    ("filename", "extension"),
    [
        ("photo.JPG", ".jpg"),
        ("../../etc/passwd", ".bin"),
        ("..\\\\..\\\\boot.ini", ".bin"),
        ("/etc/cron.d/x.sh", ".bin"),
        ("page.html", ".bin"),
        ("image.svg", ".bin"),
        ("x.php.png", ".png"),
        ("x.png/../../y.py", ".bin"),
        ("x.png\x00.py", ".bin"),
        ("a" * 300 + ".png", ".png"),
        (".png", ".bin"),
        ("...", ".bin"),
    ],
)
async def test_a_kept_file_has_a_name_of_ours(http: Served, tmp_path: Path, filename: str, extension: str) -> None:
    target = tmp_path / "kept"
    target.mkdir()

    async def handler(a: Annotated[Upload, File()]) -> str:
        return str(await a.move_to(target))

    http.add("/x", "POST", handler)

    status, answer = await send(http, form(part("a", b"content", filename)))

    (kept,) = target.iterdir()
    assert (status, answer.decode()) == (200, f'"{kept}"')
    assert (kept.suffix or ".bin", len(kept.stem), kept.read_bytes()) == (extension, 32, b"content")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


async def test_a_large_file_is_kept_after_it_was_read(http: Served, tmp_path: Path) -> None:
    content = os.urandom(2 * MIB)

    async def handler(a: Annotated[Upload, File()], b: Annotated[Upload, File()]) -> list[str]:
        await a.read(10)
        return [str(await one.move_to(tmp_path)) for one in (a, b, a)]

    http.add("/x", "POST", handler)

    await send(http, form(part("a", content, "a.zip"), part("b", b"small", "b.txt")))

    kept = sorted((path.read_bytes() for path in tmp_path.iterdir()), key=len)
    assert kept == [b"small", content, content]


async def test_a_file_that_cannot_be_kept_leaves_nothing(http: Served, tmp_path: Path) -> None:
    async def handler(a: Annotated[Upload, File()]) -> None:
        await a.move_to(tmp_path / "missing")

    http.add("/x", "POST", handler)

    assert (await send(http, form(part("a", b"x", "a"))))[0] == 500
    assert list(tmp_path.iterdir()) == []


async def test_a_file_can_be_answered_and_is_gone_then(http: Served) -> None:
    kept: list[Upload] = []

    async def handler(a: Annotated[Upload, File()]) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            while piece := await a.read(100_000):
                yield piece

        kept.append(a)
        return StreamingResponse(pieces())

    http.add("/x", "POST", handler)
    content = os.urandom(2 * MIB)

    answer = await http.post("/x", files={"a": content})

    assert (answer.status_code, answer.content == content) == (200, True)
    kept[0]._at = 0  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="was read after its answer was sent: keep it with `move_to`"):
        await kept[0].read(1)


# ---------------------------------------------------------------- what is refused


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


# ---------------------------------------------------------------- limits


class Counting:
    """A client that sends one piece after the other, for ever, and counts what is taken."""

    def __init__(self, piece: bytes, first: bytes = b"") -> None:
        self.piece, self.next, self.taken_bytes = piece, first or piece, 0

    async def __call__(self) -> dict[str, Any]:
        piece, self.next = self.next, self.piece
        self.taken_bytes += len(piece)
        return {"type": "http.request", "body": piece, "more_body": True}


async def endless(http: Served, client: Counting, *headers: tuple[bytes, bytes]) -> tuple[int, bool]:
    """Ask, and answer with the status and whether the connection is closed."""
    sent: list[Any] = []

    async def take(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "scheme": "http", "method": "POST", "path": "/x"}
    await http.app({**scope, "query_string": b"", "headers": [(b"host", b"localhost"), *headers]}, client, take)
    return sent[0]["status"], (b"connection", b"close") in sent[0]["headers"]


KIB_64 = b"x" * 65_536
FILE = part("picture", b"", "f")[:-2]
CHUNKED = (b"transfer-encoding", b"chunked")
FLOODS: dict[str, tuple[Any, bytes, bytes, int]] = {
    "a file": (MULTIPART, KIB_64, FILE, 10 * MIB),
    "a field": (MULTIPART, KIB_64, part("title", b"")[:-2], 65_536),
    "many fields": (MULTIPART, part("title") * 500, b"", 65_536),
    "many files": (MULTIPART, part("picture", b"x", "f") * 500, b"", 65_536),
    "many empty files": (MULTIPART, part("picture", b"", "") * 500, b"", 65_536),
    "large files": (MULTIPART, part("picture", KIB_64, "f") * 2, b"", 10 * MIB),
    "line ends": (MULTIPART, b"\r\n" * 32_768, b"", 10 * MIB),
    "line ends in a file": (MULTIPART, b"\r\n--" * 16_384, FILE, 10 * MIB),
    "headers of a part": (MULTIPART, b"X-A: b\r\n" * 8_192, b"--b\r\n", 65_536),
    "one header of a part": (MULTIPART, KIB_64, b"--b\r\nX: ", 65_536),
    "after the end": (MULTIPART, KIB_64, form(part("picture", b"x", "f")), 10 * MIB),
    "an urlencoded field": (URLENCODED, KIB_64, b"a=", 65_536),
    "an urlencoded name": (URLENCODED, KIB_64, b"", 65_536),
    "urlencoded fields": (URLENCODED, b"a=1&" * 16_384, b"", 65_536),
    "separators": (URLENCODED, b"&" * 65_536, b"", 65_536),
    "spaces after a boundary": (MULTIPART, b" " * 65_536, form(part("picture", b"x", "f"))[:-4], 10 * MIB),
    "almost boundaries": (MULTIPART, b"\r\n--b\r" * 9_362, FILE, 10 * MIB),
    "carriage returns": (MULTIPART, b"\r" * 65_536, FILE, 10 * MIB),
    "escapes": (URLENCODED, b"%41" * 21_845, b"a=", 65_536),
}


@pytest.mark.parametrize(("kind", "piece", "first", "limit"), FLOODS.values(), ids=FLOODS)
async def test_a_flood_is_refused_at_its_limit(http: Served, kind: Any, piece: bytes, first: bytes, limit: int) -> None:
    http.add("/x", "POST", keep_file)
    files, client = open_files(), Counting(piece, first)
    before, started_s = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()

    status, is_closed = await endless(http, client, kind, CHUNKED)

    assert (status in (400, 413), is_closed) == (True, True)
    assert client.taken_bytes <= limit + len(first) + 2 * 65_536
    assert time.process_time() - started_s < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1_024
    assert open_files() == files


@pytest.mark.parametrize("length", [b"1000000000000", b"10485761", b"9" * 4_000])
async def test_a_length_over_the_limit_is_refused_before_a_byte_is_read(http: Served, length: bytes) -> None:
    http.add("/x", "POST", keep_file)
    client = Counting(KIB_64)

    assert await endless(http, client, MULTIPART, (b"content-length", length)) == (413, True)
    assert client.taken_bytes == 0


@pytest.mark.parametrize(
    ("body", "kind", "detail"),
    [
        (form(part("title") * 101), MULTIPART, b"the form has too many fields"),
        (form(part("a", b"x", "f") * 11), MULTIPART, b"the form has too many files"),
        (form(part("title", b"x" * 65_537)), MULTIPART, b"a field of the form is larger than 65536 bytes"),
        (b"a=1&" * 101, URLENCODED, b"the form has more than 100 fields"),
        (b"a=" + b"x" * 65_537, URLENCODED, b"a field of the form is larger than 65536 bytes"),
    ],
)
async def test_a_limit_that_is_passed_is_named(http: Served, body: bytes, kind: Any, detail: bytes) -> None:
    http.add("/x", "POST", keep_file)

    status, answer = await send(http, body, kind)

    assert status == 413
    assert detail in answer


async def test_what_is_at_its_limits_is_taken(http: Served) -> None:
    async def handler(a: Annotated[list[Upload], File()], title: Annotated[list[str], Form()]) -> list[int]:
        return [len(a), sum(one.size_bytes for one in a), sum(map(len, title))]

    http.add("/x", "POST", handler)
    files, fields = part("a", b"x" * 600_000, "f") * 10, part("title", b"x" * 40_000) * 100

    assert await send(http, form(files, fields)) == (200, b"[10,6000000,4000000]")


async def test_limits_are_settings_and_the_size_is_the_routes_too(boot: Boot) -> None:
    http = await boot(
        HTTP_MAX_FORM_BYTES="3000", HTTP_MAX_FORM_FIELDS="1", HTTP_MAX_FORM_FILES="1", HTTP_MAX_FIELD_BYTES="5"
    )

    async def handler(title: Annotated[str, Form()] = "", a: Annotated[Upload | None, File()] = None) -> str:
        return title

    http.add("/x", "POST", handler)
    http.add("/y", "POST", handler, max_body_bytes=20)

    bodies = [form(part("title", b"12345")), form(part("title") * 2), form(part("a", b"x", "f") * 2)]
    bodies += [form(part("title", b"123456")), form(part("a", b"x" * 4_000, "f"))]
    assert [(await send(http, one))[0] for one in bodies] == [200, 413, 413, 413, 413]
    assert (await http.post("/y", data={"title": "12345"})).status_code == 200
    assert (await http.post("/y", data={"title": "12345", "and": "more than 20"})).status_code == 413


# ---------------------------------------------------------------- what is left


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_no_temporary_file_is_left_whatever_happens(
    http: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    on_disk: list[int] = []

    async def handler(picture: Annotated[Upload, File()], way: Annotated[str, Form()] = "") -> None:
        on_disk.append(open_files() - before)
        if way:
            raise ValueError(way)

    http.add("/x", "POST", handler)
    large = part("picture", b"x" * 2 * MIB, "f")
    before = open_files()

    bodies = [form(large), form(large, part("way", b"raise")), large, form(large, part("a") * 101), form(large * 6)]
    statuses = [(await send(http, one))[0] for one in bodies]
    half = await http.raw("POST", "/x", {"type": "http.request", "body": large, "more_body": True}, headers=[MULTIPART])

    assert [*statuses, half[0]] == [204, 500, 400, 413, 413, 400]
    assert on_disk == [1, 1]
    assert (open_files(), list(tmp_path.iterdir())) == (before, [])


async def test_a_cancelled_request_leaves_no_file_open(http: Served) -> None:
    http.add("/x", "POST", keep_file)
    pieces, waiting = arriving(FILE + b"x" * 3 * MIB), asyncio.Event()
    before = open_files()

    async def receive() -> Any:
        if pieces:
            return {**pieces.pop(0), "more_body": True}
        waiting.set()
        return await asyncio.Event().wait()

    async def take(message: Any) -> None: ...

    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/x"}
    scope |= {"query_string": b"", "headers": [(b"host", b"localhost"), MULTIPART]}

    async def ask() -> None:
        await http.app(scope, receive, take)

    task = asyncio.create_task(ask())
    await asyncio.wait_for(waiting.wait(), 10)
    assert open_files() == before + 1
    task.cancel()
    await asyncio.wait({task})

    assert open_files() == before


async def test_a_disk_that_takes_no_more_is_said_so(
    http: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    http.add("/x", "POST", keep_file)
    monkeypatch.setattr(tempfile, "tempdir", "/dev/null/missing")

    status, _ = await send(http, form(part("picture", b"x" * 2 * MIB, "f")))

    assert status == 507
    assert "make room, or set TMPDIR to where there is some" in caplog.text


# ---------------------------------------------------------------- registration


def wants(**kinds: Any) -> Any:
    async def handler(a: Any = None, b: Any = None) -> None: ...

    return typed(handler, **{"a": Annotated[str, Query()], "b": Annotated[str, Query()], **kinds})


class Deep(Struct):
    inner: NewPost


@pytest.mark.parametrize(
    ("handler", "text"),
    [
        (wants(a=Annotated[str, File()]), "is marked File(): annotate Upload, list[Upload] or Upload | None"),
        (wants(a=Annotated[set[Upload], File()]), "is marked File(): annotate Upload"),
        (
            wants(a=Annotated[dict[str, str], Form()]),
            "is marked Form(): annotate a scalar, a list of them, or a Struct",
        ),
        (wants(a=Annotated[Upload, Form()]), "is marked Form(): annotate a scalar"),
        (wants(a=Annotated[Deep, Form()]), "field 'inner' is no scalar and no list of them: a form holds only text"),
        (
            wants(a=Annotated[str, Form()], b=NewPost),
            "a body is a form or JSON: mark 'b' with Form(), or drop the form",
        ),
    ],
)
def test_what_no_form_can_hold_is_refused_at_boot(http: Served, handler: Any, text: str) -> None:
    with pytest.raises(RouteError) as refused:
        http.add("/x", "POST", handler)

    assert text in str(refused.value)


def test_a_get_has_no_form(http: Served) -> None:
    with pytest.raises(RouteError, match="a GET has no body"):
        http.add("/x", "GET", keep_post)
