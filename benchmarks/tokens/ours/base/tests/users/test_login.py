import httpx
import pytest

from tests.conftest import MakePerson


async def test_the_right_password_gives_a_token(client: httpx.AsyncClient, make_person: MakePerson) -> None:
    await make_person("ana@example.com")

    answer = await client.post("/auth/login", json={"email": "Ana@example.com", "password": "correct horse"})

    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await client.get("/notifications", headers=headers)).status_code == 200


@pytest.mark.parametrize("email", ["ana@example.com", "nobody@example.com"])
async def test_a_wrong_password_is_refused(client: httpx.AsyncClient, make_person: MakePerson, email: str) -> None:
    await make_person("ana@example.com")

    answer = await client.post("/auth/login", json={"email": email, "password": "wrong horse"})

    assert answer.status_code == 401
