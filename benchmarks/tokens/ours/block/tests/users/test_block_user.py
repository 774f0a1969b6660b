import httpx

from tests.conftest import MakePerson


async def test_a_blocked_user_cannot_log_in(client: httpx.AsyncClient, make_person: MakePerson) -> None:
    ana, admin = await make_person("ana@example.com"), await make_person("root@example.com", "admin")

    answer = await client.post(f"/users/{ana.id}/block", headers=admin.headers)

    assert answer.status_code == 204
    login = await client.post("/auth/login", json={"email": ana.email, "password": "correct horse"})
    assert login.status_code == 403


async def test_only_an_administrator_blocks(client: httpx.AsyncClient, make_person: MakePerson) -> None:
    ana = await make_person()

    assert (await client.post(f"/users/{ana.id}/block")).status_code == 401
    assert (await client.post(f"/users/{ana.id}/block", headers=ana.headers)).status_code == 403


async def test_a_user_that_is_not_there_is_not_found(client: httpx.AsyncClient, make_person: MakePerson) -> None:
    admin = await make_person(role="admin")

    assert (await client.post("/users/99/block", headers=admin.headers)).status_code == 404
