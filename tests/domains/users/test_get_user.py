import httpx
import pytest

from tests.domains.person import Person


async def test_an_owner_sees_the_own_account_and_no_hash(client: httpx.AsyncClient, ana: Person) -> None:
    answer = await client.get(f"/users/{ana.id}", headers=ana.headers)

    assert answer.status_code == 200
    assert answer.json().keys() == {"id", "name", "email", "role", "created_at_utc"}


@pytest.mark.parametrize("id", [2, 3, 0, -1, 2**63 - 1])
async def test_any_other_account_is_refused_whether_it_is_there_or_not(
    client: httpx.AsyncClient, ana: Person, bob: Person, id: int
) -> None:
    answer = await client.get(f"/users/{id}", headers=ana.headers)

    assert answer.status_code == 403
    assert answer.json()["detail"] == "this is not your account"


async def test_an_administrator_sees_every_account(client: httpx.AsyncClient, ana: Person, root: Person) -> None:
    answer = await client.get(f"/users/{ana.id}", headers=root.headers)

    assert answer.json()["email"] == ana.email


async def test_an_administrator_is_told_that_an_account_is_not_there(client: httpx.AsyncClient, root: Person) -> None:
    answer = await client.get("/users/99", headers=root.headers)

    assert answer.status_code == 404
    assert answer.json()["detail"] == "no such user"
