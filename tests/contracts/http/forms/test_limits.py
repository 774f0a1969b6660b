"""Forms within their limits: a flood ends at the first byte too many."""

import resource
import time
from typing import Annotated, Any

import pytest

from tests.contracts.http.forms.parts import (
    FILE,
    MIB,
    MULTIPART,
    URLENCODED,
    Boot,
    form,
    keep_file,
    open_files,
    part,
    send,
)
from tests.contracts.http_served import Served
from tools.http.contract import File, Form, Upload


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
