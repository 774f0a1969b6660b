import asyncio
from collections import Counter

import httpx

from tests.domains.person import Person, log_in, rows


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/auth/refresh", json={"refresh_token": token})


async def test_a_refresh_token_gets_the_next_two(client: httpx.AsyncClient, ana: Person) -> None:
    first = await refresh(client, ana.refresh_token)
    second = await refresh(client, first.json()["refresh_token"])

    me = await client.get("/users/me", headers={"authorization": f"Bearer {second.json()['access_token']}"})
    assert me.json()["id"] == ana.id
    assert second.json().keys() == {"access_token", "refresh_token", "token_type", "expires_in"}


async def test_using_one_again_ends_its_session_and_no_other(client: httpx.AsyncClient, ana: Person) -> None:
    other = await log_in(client, ana.id, ana.email)
    stolen = await refresh(client, ana.refresh_token)

    again = await refresh(client, ana.refresh_token)

    after = await refresh(client, stolen.json()["refresh_token"])
    unharmed = await refresh(client, other.refresh_token)
    assert [again.status_code, after.status_code, unharmed.status_code] == [401, 401, 200]


async def test_of_many_uses_at_once_one_is_answered(client: httpx.AsyncClient, ana: Person) -> None:
    answers = await asyncio.gather(*(refresh(client, ana.refresh_token) for _ in range(10)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 9}


async def test_one_whose_time_is_over_is_refused(client: httpx.AsyncClient, ana: Person, database: str) -> None:
    rows(database, "UPDATE refresh_tokens SET expires_at_utc = '2020-01-01T00:00:00.000000Z'")

    answer = await refresh(client, ana.refresh_token)

    assert answer.status_code == 401
    assert rows(database, "SELECT * FROM refresh_tokens") == []


async def test_rows_whose_time_is_over_are_swept(client: httpx.AsyncClient, ana: Person, database: str) -> None:
    rows(database, "UPDATE refresh_tokens SET expires_at_utc = '2020-01-01T00:00:00.000000Z'")

    await log_in(client, ana.id, ana.email)

    assert len(rows(database, "SELECT * FROM refresh_tokens")) == 1


async def test_a_role_that_changed_is_in_the_next_access_token(
    client: httpx.AsyncClient, ana: Person, database: str
) -> None:
    rows(database, "UPDATE users SET role = 'admin'")

    answer = await refresh(client, ana.refresh_token)

    listed = await client.get("/users", headers={"authorization": f"Bearer {answer.json()['access_token']}"})
    assert listed.status_code == 200


async def test_neither_token_stands_in_for_the_other(client: httpx.AsyncClient, ana: Person) -> None:
    refreshed = await refresh(client, ana.access_token)
    me = await client.get("/users/me", headers={"authorization": f"Bearer {ana.refresh_token}"})

    assert [refreshed.status_code, me.status_code] == [401, 401]


async def test_what_is_stored_is_no_token(client: httpx.AsyncClient, ana: Person, database: str) -> None:
    stored = str(rows(database, "SELECT * FROM refresh_tokens"))

    assert ana.refresh_token not in stored
    assert ana.access_token not in stored
