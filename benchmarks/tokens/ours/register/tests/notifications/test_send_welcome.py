import asyncio

import httpx

from tests.conftest import Rows


async def test_a_new_user_is_welcomed(client: httpx.AsyncClient, rows: Rows) -> None:
    await client.post("/users", json={"name": "Ana", "email": "ana@example.com", "password": "correct horse"})

    async with asyncio.timeout(5):
        while not (stored := rows("SELECT user_id, kind, message FROM notifications")):
            await asyncio.sleep(0.01)
    assert stored == [(1, "welcome", "Welcome, Ana!")]
