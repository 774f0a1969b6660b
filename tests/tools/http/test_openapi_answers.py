"""What the OpenAPI document says of answers that are no JSON is what is answered."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import FileResponse

from tests.contracts.http_served import Served, hook, serve
from tools.http.contract import ServerEvent


@pytest.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    yield served
    await served.client.aclose()


async def responses(http: Served, path: str) -> Any:
    return (await http.get("/openapi.json")).json()["paths"][path]["get"]["responses"]


async def ticks() -> AsyncIterator[ServerEvent]:
    yield ServerEvent("tick")


async def test_a_stream_of_events_is_text_and_no_json(http: Served) -> None:
    with hook():
        http.http.add_sse("/ticks", ticks, public=True)

    answer, known = await http.get("/ticks"), (await responses(http, "/ticks"))["200"]["content"]

    assert known == {answer.headers["content-type"].partition(";")[0]: {"schema": {"type": "string"}}}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"range": "bytes=1-2"}, 206),
        ({"if-none-match": "*"}, 304),
        ({"if-match": '"other"'}, 412),
        ({"range": "bytes=9-"}, 416),
    ],
)
async def test_each_status_of_a_file_is_known(
    http: Served, tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    (tmp_path / "a.txt").write_text("abc")

    async def file() -> FileResponse:
        return FileResponse(tmp_path / "a.txt")

    http.add("/file", "GET", file)

    answer, known = await http.get("/file", headers=headers), await responses(http, "/file")

    assert answer.status_code == status
    assert str(status) in known


async def test_an_answer_that_a_client_may_have_already_is_known(http: Served) -> None:
    async def tagged() -> str:
        return "a"

    http.add("/tagged", "GET", tagged, etag=True)
    etag = (await http.get("/tagged")).headers["etag"]

    answer, known = await http.get("/tagged", headers={"if-none-match": etag}), await responses(http, "/tagged")

    assert answer.status_code == 304
    assert "content" not in known["304"]


async def test_a_fact_says_all_that_a_status_can_mean(http: Served) -> None:
    async def order(id: int) -> int:
        return id

    errors = {KeyError: (409, "it is sold"), ValueError: (409, "it is gone")}
    http.add("/orders", "POST", order, errors=errors, idempotent=True)

    fact = next(one for one in await http.work.describe() if one.name == "POST /orders")

    kept = "a request with this Idempotency-Key is under way, or its answer was not kept"
    assert fact.data["errors"][409] == f"it is sold; or it is gone; or {kept}"
