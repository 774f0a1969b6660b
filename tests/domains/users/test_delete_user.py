import asyncio
from collections import Counter

import httpx

from tests.domains.person import Person, rows, sign_up, sign_up_admin


async def delete(client: httpx.AsyncClient, who: Person, id: int) -> int:
    return (await client.delete(f"/users/{id}", headers=who.headers)).status_code


async def test_an_account_goes_with_its_sessions(client: httpx.AsyncClient, ana: Person, database: str) -> None:
    status = await delete(client, ana, ana.id)

    refreshed = await client.post("/auth/refresh", json={"refresh_token": ana.refresh_token})
    assert (status, refreshed.status_code) == (204, 401)
    assert rows(database, "SELECT * FROM refresh_tokens") == []


async def test_an_id_is_never_given_again(client: httpx.AsyncClient, ana: Person) -> None:
    await delete(client, ana, ana.id)

    again = await sign_up(client, "ana")

    assert again.id == ana.id + 1


async def test_an_administrator_deletes_others(client: httpx.AsyncClient, ana: Person, root: Person) -> None:
    statuses = [await delete(client, root, ana.id), await delete(client, root, ana.id)]

    assert statuses == [204, 404]


async def test_the_last_administrator_stays(client: httpx.AsyncClient, root: Person) -> None:
    status = await delete(client, root, root.id)

    account = await client.get("/users/me", headers=root.headers)
    assert (status, account.status_code) == (409, 200)


async def test_of_two_administrators_who_leave_at_once_one_stays(
    client: httpx.AsyncClient, root: Person, database: str
) -> None:
    other = await sign_up_admin(client, database, "other")

    statuses = await asyncio.gather(*(delete(client, one, one.id) for one in (root, other)))

    assert Counter(statuses) == {204: 1, 409: 1}
