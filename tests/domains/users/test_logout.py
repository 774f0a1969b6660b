import httpx

from tests.domains.person import Person, log_in


async def test_a_session_ends_and_no_other(client: httpx.AsyncClient, ana: Person) -> None:
    other = await log_in(client, ana.id, ana.email)

    answer = await client.post("/auth/logout", json={"refresh_token": ana.refresh_token})

    refreshed = [await client.post("/auth/refresh", json={"refresh_token": one.refresh_token}) for one in (ana, other)]
    assert (answer.status_code, answer.content) == (204, b"")
    assert [one.status_code for one in refreshed] == [401, 200]


async def test_a_token_that_was_used_ends_its_session_too(client: httpx.AsyncClient, ana: Person) -> None:
    newer = (await client.post("/auth/refresh", json={"refresh_token": ana.refresh_token})).json()

    await client.post("/auth/logout", json={"refresh_token": ana.refresh_token})

    answer = await client.post("/auth/refresh", json={"refresh_token": newer["refresh_token"]})
    assert answer.status_code == 401


async def test_an_unknown_token_is_answered_in_the_same_way(client: httpx.AsyncClient) -> None:
    answer = await client.post("/auth/logout", json={"refresh_token": "\u00f1" * 43})

    assert (answer.status_code, answer.content) == (204, b"")
