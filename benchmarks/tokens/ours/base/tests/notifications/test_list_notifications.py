import httpx

from tests.conftest import MakePerson, Rows


async def test_callers_see_their_own_notifications(
    client: httpx.AsyncClient, make_person: MakePerson, rows: Rows
) -> None:
    ana, bob = await make_person("ana@example.com"), await make_person("bob@example.com")
    for one in (ana, bob):
        rows("INSERT INTO notifications (user_id, kind, message) VALUES (?, 'news', ?)", one.id, f"For {one.email}")

    answer = await client.get("/notifications", headers=ana.headers)

    assert answer.json() == [{"id": 1, "kind": "news", "message": "For ana@example.com"}]


async def test_strangers_see_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/notifications")).status_code == 401
    assert (await client.get("/notifications", headers={"Authorization": "Bearer x"})).status_code == 401
