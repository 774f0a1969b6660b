"""What the manifest and the command `routes` say of endpoints."""

from argparse import Namespace
from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from msgspec import Meta, Struct

from hookspecs import Part
from tests.contracts.http_served import Served, serve
from tools.http.commands import routes_command
from tools.http.contract import Paging, Query
from tools.http.endpoint import Endpoint
from tools.http.options import Limits, Options
from tools.http.router import Path


class Filters(Struct):
    status: str | None = None
    least: Annotated[int, Meta(ge=0)] = 0


async def find(page: Paging, filters: Annotated[Filters, Query()]) -> list[int]:
    return []


@pytest.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    yield served
    await served.client.aclose()


async def test_a_fact_names_each_field_that_a_client_may_ask_by(http: Served) -> None:
    http.add("/orders", "GET", find)

    fact = next(one for one in await http.work.describe() if one.name == "GET /orders")

    assert [one["fields"] for one in fact.data["parameters"]] == [
        {"after?": "str ..500", "limit?": "int >=1 <=100"},
        {"status?": "str | None", "least?": "int >=0"},
    ]


def test_a_long_path_keeps_its_distance(capsys: pytest.CaptureFixture[str]) -> None:
    part, limits = Part("made.feature", "made.py"), Limits(1_000, 1, 1)
    paths = ["/a", "/a/path/longer/than/anybody/would/have/thought"]
    endpoints = [Endpoint(part, Path.parse(path), "GET", find, Options(public=True), limits) for path in paths]
    command = routes_command(endpoints)

    assert command.run(Namespace()) == 0

    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["GET", path, "public", "made.feature", "(made.py)"] for path in paths
    ]
