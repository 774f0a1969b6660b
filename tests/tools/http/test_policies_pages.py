"""Lists, a page at a time, as a plugin writes them."""

import base64
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest
import pytest_asyncio
from msgspec import Struct

from tests.contracts.http_served import Served, serve
from tools.http.contract import Query
from tools.http.pages import Page, PageQuery, decode_cursor, encode_cursor
from tools.http.problem import Problem


class Row(Struct, frozen=True):
    id: int
    name: str


ROWS = [Row(number, f"name {number % 7}") for number in range(1, 46)]


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    yield served
    await served.client.aclose()


async def by_id(page: Annotated[PageQuery, Query()]) -> Page[Row]:
    (after,) = page.start(0)
    found = [one for one in ROWS if one.id > after][: page.rows]
    return page.of(found, lambda row: row.id)


async def by_name(page: Annotated[PageQuery, Query()]) -> Page[Row]:
    after = page.start("", 0)
    found = sorted((one for one in ROWS if (one.name, one.id) > after), key=lambda one: (one.name, one.id))
    return page.of(found[: page.rows], lambda row: (row.name, row.id))


async def newest(page: Annotated[PageQuery, Query()]) -> Page[Row]:
    (before,) = page.start(2**63 - 1)
    return page.of([one for one in reversed(ROWS) if one.id < before][: page.rows], lambda row: row.id)


async def walk(http: Served, limit: int) -> list[Row]:
    """Follow the cursors to the end."""
    found, url = list[Row](), f"/rows?limit={limit}"
    while True:
        page = (await http.get(url)).json()
        assert 0 < len(page["items"]) <= limit
        found += msgspec.convert(page["items"], list[Row])
        if page["next_cursor"] is None:
            return found
        url = f"/rows?limit={limit}&after={page['next_cursor']}"


@pytest.mark.parametrize("handler", [by_id, by_name, newest], ids=["ascending", "two columns", "descending"])
@pytest.mark.parametrize("limit", [1, 9, 44, 45, 100])
async def test_the_pages_together_are_the_list(http: Served, handler: Any, limit: int) -> None:
    http.add("/rows", "GET", handler)
    key = {by_id: lambda one: one.id, by_name: lambda one: (one.name, one.id), newest: lambda one: -one.id}[handler]

    assert await walk(http, limit) == sorted(ROWS, key=key)


@pytest.mark.parametrize(
    "cursor",
    ["x", "eyJ9", "!!!!", "%00", "a" * 2_001, "\u00f1", encode_cursor((1, 2)), encode_cursor(("a",)),
     encode_cursor((1.5,)), encode_cursor(([1],)), encode_cursor((2**63,)), base64.urlsafe_b64encode(b"[1.0]").decode(),
     base64.urlsafe_b64encode(b"[ 1]").decode(), base64.urlsafe_b64encode(b"[1]").decode() + "="],
)  # fmt: skip
async def test_a_cursor_that_is_none_is_refused_by_its_name(http: Served, cursor: str) -> None:
    http.add("/rows", "GET", by_id)

    answer = await http.get("/rows", params={"after": cursor})

    assert answer.status_code == 422
    assert [one["parameter"] for one in answer.json()["errors"]] == ["after"]


@pytest.mark.parametrize("limit", ["0", "101", "x", "-1", ""])
async def test_a_page_has_one_row_to_a_hundred(http: Served, limit: str) -> None:
    http.add("/rows", "GET", by_id)

    assert (await http.get(f"/rows?limit={limit}")).status_code == 422


def test_no_text_at_all_brings_anything_but_values_or_a_refusal() -> None:
    chance, refused = random.Random(11), 0

    for _ in range(20_000):
        raw = bytes(chance.choices(b'[]{}",:0123456789.eE-+ntu\\\x00\xff\xc3 ', k=chance.randrange(12)))
        try:
            values = decode_cursor(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), (int,))
        except Problem as problem:
            refused += problem.status == 422
        else:
            assert type(values[0]) is int
    assert refused > 19_000


def test_a_text_that_databases_refuse_is_no_position() -> None:
    for text in ("a\0", "\0"):
        with pytest.raises(Problem, match="'after'"):
            decode_cursor(encode_cursor((text,)), (str,))
    with pytest.raises(Problem):
        decode_cursor(base64.urlsafe_b64encode(rb'["\ud800"]').decode(), (str,))
    with pytest.raises(Problem):
        decode_cursor(base64.urlsafe_b64encode(b"[" * 1_500).decode(), (str,))


@pytest.mark.parametrize(
    "values", [(-7,), (1.25, "ñ/?&="), ("",), (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), 2**63 - 1)], ids=str
)
def test_a_position_comes_back_as_it_was_through_a_url(values: tuple[Any, ...]) -> None:
    cursor = encode_cursor(values)

    assert decode_cursor(cursor, tuple(map(type, values))) == values
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_a_column_that_may_be_null_is_no_order() -> None:
    page = PageQuery(limit=1)

    with pytest.raises(ValueError, match="^a page ends at \\(None,\\): order its rows by columns that are never null$"):
        page.of([1, 2], lambda row: None)


def test_the_last_page_and_an_empty_one_lead_nowhere() -> None:
    assert PageQuery(limit=2).of([1, 2], lambda row: row) == Page([1, 2], None)
    assert PageQuery().of([], lambda row: row) == Page([], None)
