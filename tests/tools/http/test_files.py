"""A FileResponse of a handler: ranges, preconditions, and what greedy clients ask (RFC 9110 sections 13 and 14)."""

import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.responses import FileResponse

from tests.contracts.http_served import Served, serve

SIZE = 100_000
CONTENT = bytes(range(250)) * (SIZE // 250)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(CONTENT)
    return path


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    yield served
    await served.client.aclose()


@pytest_asyncio.fixture
async def shared(http: Served, file: Path) -> Served:
    async def film() -> FileResponse:
        return FileResponse(file)

    http.add("/film", "GET", film)
    return http


async def ask(shared: Served, **headers: str) -> httpx.Response:
    return await shared.get("/film", headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_a_file_is_answered_with_its_length_version_and_date(shared: Served) -> None:
    answer = await ask(shared)

    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["accept-ranges"] == "bytes"
    assert {"etag", "last-modified", "content-length"} <= answer.headers.keys()


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=99990-", 99_990, SIZE),
        ("bytes=-10", 99_990, SIZE),
        ("bytes=-999999", 0, SIZE),
        ("bytes=99990-999999", 99_990, SIZE),
        ("bytes=5-" + "9" * 5_000, 5, SIZE),
        ("Bytes= 0-4 , 3-9", 0, 10),
        ("bytes=0-4,999999-", 0, 5),
        ("bytes=,0-4,,", 0, 5),
    ],
)
async def test_one_range_is_answered_alone(shared: Served, asked: str, start: int, end: int) -> None:
    answer = await ask(shared, range=asked)

    assert (answer.status_code, answer.content) == (206, CONTENT[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)


async def test_several_ranges_are_answered_in_parts(shared: Served) -> None:
    answer = await ask(shared, range="bytes=0-4,50-59,-5")

    boundary = answer.headers["content-type"].removeprefix("multipart/byteranges; boundary=").encode()
    parts = [part.partition(b"\r\n\r\n")[2] for part in answer.content.split(b"--" + boundary)[1:-1]]
    assert answer.status_code == 206
    assert [part.removesuffix(b"\r\n") for part in parts] == [CONTENT[:5], CONTENT[50:60], CONTENT[-5:]]
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=+1-2"])
async def test_what_is_no_range_of_bytes_is_not_heeded(shared: Served, asked: str) -> None:
    answer = await ask(shared, range=asked)

    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["bytes=100000-", "bytes=-0", "bytes=999999-9999999,200000-"])
async def test_ranges_beyond_the_end_are_a_problem(shared: Served, asked: str) -> None:
    answer = await ask(shared, range=asked)

    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{SIZE}")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=" + ",".join(["0-0"] * 6_000), 200),
        ("bytes=" + ",".join(f"{start}-" for start in range(99)), 206),
        ("bytes=" + ",".join(["0-"] * 100), 206),
        ("bytes=" + "," * 6_000 + "0-0", 206),
        ("bytes=" + ",".join(f"{start}-{start}" for start in range(0, 200, 2)), 206),
    ],
    ids=["6000", "99-overlapping", "100-the-same", "commas", "100-apart"],
)
async def test_a_bomb_of_ranges_costs_no_more_than_the_file(shared: Served, asked: str, status: int) -> None:
    start_s = time.perf_counter()

    given, _, body = await shared.raw(path="/film", headers=[(b"range", asked.encode())], asgi={"spec_version": "2.4"})

    assert time.perf_counter() - start_s < 0.2
    assert (given, len(body) <= SIZE) == (status, True)


async def test_a_head_has_no_range(shared: Served) -> None:
    answer = await shared.client.head("/film", headers={"Range": "bytes=0-4"})

    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, str(SIZE), b"")


async def test_a_range_of_another_version_is_the_whole_of_this_one(shared: Served) -> None:
    own = (await ask(shared)).headers
    good = [own["etag"], own["last-modified"]]
    stale = ['"other"', f"W/{own['etag']}", formatdate(0, usegmt=True)]

    assert [(await ask(shared, range="bytes=0-4", if_range=one)).status_code for one in good] == [206, 206]
    assert [(await ask(shared, range="bytes=0-4", if_range=one)).status_code for one in stale] == [200] * 3
    assert (await ask(shared, range="bytes=999999-", if_range='"other"')).status_code == 200


async def test_a_client_that_has_this_version_gets_no_body(shared: Served) -> None:
    own = (await ask(shared)).headers
    etag, later = own["etag"], formatdate(time.time() + 60, usegmt=True)
    asked: list[dict[str, str]] = [
        {"if_none_match": etag},
        {"if_none_match": f'"a", W/{etag}'},
        {"if_none_match": "*"},
        {"if_modified_since": own["last-modified"]},
        {"if_modified_since": later},
        {"if_none_match": etag, "if_modified_since": formatdate(0, usegmt=True), "range": "bytes=0-4"},
    ]

    answers = [await ask(shared, **headers) for headers in asked]

    assert [(one.status_code, one.content, one.headers["etag"]) for one in answers] == [(304, b"", etag)] * len(asked)


async def test_a_client_that_has_another_version_gets_this_one(shared: Served) -> None:
    own = (await ask(shared)).headers
    asked: list[dict[str, str]] = [
        {"if_none_match": '"other"'},
        {"if_none_match": '"other"', "if_modified_since": own["last-modified"]},
        {"if_modified_since": formatdate(0, usegmt=True)},
        {"if_modified_since": "yesterday"},
        {"if_match": own["etag"]},
        {"if_match": "*"},
        {"if_unmodified_since": own["last-modified"]},
    ]

    assert [(await ask(shared, **headers)).status_code for headers in asked] == [200] * len(asked)


@pytest.mark.parametrize("asked", [{"if_match": '"other"'}, {"if_unmodified_since": formatdate(0, usegmt=True)}])
async def test_a_client_that_means_another_version_is_told(shared: Served, asked: dict[str, str]) -> None:
    assert (await ask(shared, **asked)).status_code == 412


async def test_an_empty_file_has_no_ranges(http: Served, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()

    async def nothing() -> FileResponse:
        return FileResponse(empty)

    http.add("/film", "GET", nothing)

    assert [(await ask(http, range=one)).status_code for one in ("bytes=0-", "bytes=-5")] == [200, 200]


async def test_a_file_that_is_not_there_is_a_fault_of_the_handler(http: Served, tmp_path: Path) -> None:
    async def missing() -> FileResponse:
        return FileResponse(tmp_path / "missing")

    async def directory() -> FileResponse:
        return FileResponse(tmp_path)

    http.add("/missing", "GET", missing)
    http.add("/directory", "GET", directory)

    answers = [await http.get("/missing"), await http.get("/directory")]

    assert [one.status_code for one in answers] == [500, 500]
    assert str(tmp_path) not in answers[0].text


async def test_the_status_and_the_headers_of_the_handler_stay(http: Served, file: Path) -> None:
    async def own() -> FileResponse:
        return FileResponse(file, 202, headers={"etag": '"mine"', "cache-control": "max-age=5"}, filename="a b.mp4")

    http.add("/film", "GET", own)

    answer = await ask(http, if_none_match='"mine"', range="bytes=0-4")

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (202, CONTENT, '"mine"')
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''a%20b.mp4"
