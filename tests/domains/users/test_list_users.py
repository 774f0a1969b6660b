import httpx
import pytest

from tests.domains.person import Person, rows


@pytest.fixture
def crowd(root: Person, database: str) -> None:
    for number in range(2, 6):
        rows(database, "INSERT INTO users (name, email) VALUES ('One', ?)", f"{number}@example.com")


@pytest.mark.usefixtures("crowd")
async def test_pages_have_every_account_once_in_the_order_of_ids(client: httpx.AsyncClient, root: Person) -> None:
    pages: list[list[int]] = []
    after = ""
    while after is not None:
        page = (await client.get("/users", params={"after": after, "limit": 2}, headers=root.headers)).json()
        pages.append([user["id"] for user in page["items"]])
        after = page["next_cursor"]

    assert pages == [[1, 2], [3, 4], [5]]


@pytest.mark.usefixtures("crowd")
async def test_a_last_page_that_is_full_is_the_last(client: httpx.AsyncClient, root: Person) -> None:
    answer = await client.get("/users", params={"limit": 5}, headers=root.headers)

    assert len(answer.json()["items"]) == 5
    assert answer.json()["next_cursor"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=many", f"after={2**63}", "after=newest"])
async def test_a_page_that_cannot_be_is_refused(client: httpx.AsyncClient, root: Person, query: str) -> None:
    answer = await client.get(f"/users?{query}", headers=root.headers)

    assert answer.status_code == 422


async def test_the_list_is_for_administrators(client: httpx.AsyncClient, ana: Person) -> None:
    answer = await client.get("/users", headers=ana.headers)

    assert answer.status_code == 403
