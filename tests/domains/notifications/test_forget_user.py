import asgi
from tests.domains.person import rows, settled, sign_up, sign_up_admin


async def test_the_messages_of_a_deleted_user_go_and_no_others(settings: dict[str, str], database: str) -> None:
    async with asgi.running(settings) as client:
        root = await sign_up_admin(client, database)
        ana = await sign_up(client, "ana")
        await settled(client, root)

        await client.delete(f"/users/{ana.id}", headers=ana.headers)
        await settled(client, root)

    assert rows(database, "SELECT user_id FROM notifications") == [(root.id,)]
