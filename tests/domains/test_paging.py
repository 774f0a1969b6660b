"""A list that is not ordered by its ids alone, as `PageQuery` shows it, on every engine."""

import base64

import httpx
import pytest

from tests.domains.tree import Tree

VISITS = '''
from datetime import UTC, datetime

from msgspec import Struct

from hookspecs import hookimpl
from tools.db.contract import Migration
from tools.http.contract import Page, Paging

TABLE = "CREATE TABLE visits (id INTEGER PRIMARY KEY, at_utc TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"


class Visit(Struct):
    id: int
    at_utc: datetime


class ListVisits:
    """GET /visits and /visits/newest: list visits by their time."""

    def __init__(self, http, db):
        self.http, self.db = http, db

    @hookimpl
    def register_migrations(self):
        return [Migration("001_visits", TABLE)]

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/visits", "POST", self.add, public=True)
        self.http.add_endpoint("/visits", "GET", self.oldest, public=True)
        self.http.add_endpoint("/visits/newest", "GET", self.newest, public=True)

    async def add(self, at_utc: datetime | None = None) -> None:
        if at_utc is None:
            await self.db.execute("INSERT INTO visits DEFAULT VALUES")
        else:
            await self.db.execute("INSERT INTO visits (at_utc) VALUES (?)", (at_utc,))

    async def oldest(self, page: Paging) -> Page[Visit]:
        rows = await self.db.query(
            "SELECT id, at_utc FROM visits WHERE (at_utc, id) > (?, ?) ORDER BY at_utc, id LIMIT ?",
            (*page.start(datetime(1000, 1, 1, tzinfo=UTC), 0), page.rows),
            into=Visit,
        )
        return page.of(rows, lambda row: (row.at_utc, row.id))

    async def newest(self, page: Paging) -> Page[Visit]:
        rows = await self.db.query(
            "SELECT id, at_utc FROM visits WHERE (at_utc, id) < (?, ?) ORDER BY at_utc DESC, id DESC LIMIT ?",
            (*page.start(datetime(9999, 12, 31, tzinfo=UTC), 2**63 - 1), page.rows),
            into=Visit,
        )
        return page.of(rows, lambda row: (row.at_utc, row.id))
'''
TIMES = ["1969-07-20T20:17:40Z", "2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05Z"]


async def walk(client: httpx.AsyncClient, url: str) -> list[int]:
    found, after = list[int](), ""
    while after is not None:
        answer = await client.get(url, params={"after": after, "limit": 2})
        assert answer.status_code == 200, answer.text
        found += [one["id"] for one in answer.json()["items"]]
        after = answer.json()["next_cursor"]
    return found


async def test_pages_by_a_time_and_an_id_are_the_list(tree: Tree, settings: dict[str, str]) -> None:
    tree.add("visits/plugins/list_visits.py", VISITS)
    async with tree.running(settings) as (_, client):
        for at_utc in TIMES:
            assert (await client.post("/visits", params={"at_utc": at_utc})).status_code == 204
        for _ in range(4):
            await client.post("/visits")

        assert await walk(client, "/visits") == [1, 4, 2, 3, 5, 6, 7, 8]
        assert await walk(client, "/visits/newest") == [8, 7, 6, 5, 3, 2, 4, 1]


@pytest.mark.parametrize(
    "moment", ["2026-01-02T03:04:05", "0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00", "now"]
)
async def test_a_made_up_moment_is_refused(tree: Tree, settings: dict[str, str], moment: str) -> None:
    tree.add("visits/plugins/list_visits.py", VISITS)
    async with tree.running(settings) as (_, client):
        cursor = base64.urlsafe_b64encode(f'["{moment}",1]'.encode()).decode().rstrip("=")

        assert (await client.get("/visits", params={"after": cursor})).status_code == 422
