import httpx
import pytest

from tests.domains.person import Person, rows, settled


async def test_callers_see_their_own_messages(
    client: httpx.AsyncClient, ana: Person, bob: Person, root: Person
) -> None:
    await settled(client, root)

    answers = [await client.get("/notifications", headers=one.headers) for one in (ana, bob)]

    messages = [[one["message"] for one in answer.json()["items"]] for answer in answers]
    assert messages == [["Welcome, ana@example.com!"], ["Welcome, bob@example.com!"]]


async def test_pages_have_every_message_once_the_newest_first(
    client: httpx.AsyncClient, root: Person, database: str
) -> None:
    await settled(client, root)
    for kind in "abcd":
        rows(database, "INSERT INTO notifications (user_id, kind, message) VALUES (?, ?, '')", root.id, kind)

    pages: list[list[str]] = []
    query: dict[str, int] = {"limit": 2}
    while len(pages) < 5:
        page = (await client.get("/notifications", params=query, headers=root.headers)).json()
        pages.append([one["kind"] for one in page["items"]])
        if page["next_cursor"] is None:
            break
        query["after"] = page["next_cursor"]

    assert pages == [["d", "c"], ["b", "a"], ["welcome"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "after=newest"])
async def test_a_page_that_cannot_be_is_refused(client: httpx.AsyncClient, ana: Person, query: str) -> None:
    answer = await client.get(f"/notifications?{query}", headers=ana.headers)

    assert answer.status_code == 422
