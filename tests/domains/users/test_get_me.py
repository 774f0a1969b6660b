import httpx

from tests.domains.person import Person, rows


async def test_callers_see_their_own_account(client: httpx.AsyncClient, ana: Person, bob: Person) -> None:
    answers = [await client.get("/users/me", headers=one.headers) for one in (ana, bob)]

    assert [answer.json()["email"] for answer in answers] == [ana.email, bob.email]
    assert answers[0].headers["cache-control"] == "no-store"


async def test_the_token_of_a_deleted_account_is_no_longer_good(
    client: httpx.AsyncClient, ana: Person, database: str
) -> None:
    rows(database, "DELETE FROM users WHERE id = ?", ana.id)

    answer = await client.get("/users/me", headers=ana.headers)

    assert answer.status_code == 401
