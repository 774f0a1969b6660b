"""Files of a form: as they were sent, and kept under a name of ours."""

import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec import json
from starlette.responses import Response, StreamingResponse

from tests.contracts.http.forms.parts import MIB, form, keep_file, part, send
from tests.contracts.http_served import Served
from tools.http.contract import File, Upload


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

    async def handler(a: Annotated[Upload, File()]) -> str:
        return str(await a.move_to(str(target)))

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
        await a.move_to(taken)

    taken = tmp_path / "taken"
    taken.touch()
    http.add("/x", "POST", handler)

    assert (await send(http, form(part("a", b"x", "a"))))[0] == 500
    assert list(tmp_path.iterdir()) == [taken]


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
