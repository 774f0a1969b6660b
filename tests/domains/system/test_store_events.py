from tests.domains.person import rows, settled, sign_up_admin
from tests.domains.tree import Tree

REGRETS = """
from hookspecs import Refusal, hookimpl

class Regrets:
    def __init__(self, http, db, event_bus):
        self.http, self.db, self.bus = http, db, event_bus

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/regrets", "POST", self.execute, public=True)

    async def execute(self) -> None:
        async with self.db.transaction():
            await self.bus.publish("user.created", {"id": 99, "email": "regrets@example.com"})
            raise Refusal(409, "on second thoughts")
"""
TOO_EARLY = """
from hookspecs import hookimpl

class TooEarly:
    def __init__(self, http, db, event_bus):
        self.http, self.db, self.bus = http, db, event_bus

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/pending", "POST", self.execute, public=True)

    async def execute(self) -> list[int]:
        async with self.db.transaction():
            await self.bus.publish("user.created", {"id": 99, "email": "early@example.com"})
            within = await self.bus.pending()
        return [within, await self.bus.pending()]
"""


async def test_what_a_transaction_published_is_dropped_with_it(
    tree: Tree, settings: dict[str, str], database: str
) -> None:
    tree.add("users/plugins/regrets.py", REGRETS)
    async with tree.running(settings) as (_, client):
        root = await sign_up_admin(client, database)

        answer = await client.post("/regrets")

        await settled(client, root)
        assert answer.status_code == 409
        assert rows(database, "SELECT user_id FROM notifications") == [(root.id,)]


async def test_an_event_waits_for_the_commit_in_memory_too(tree: Tree) -> None:
    tree.add("users/plugins/too_early.py", TOO_EARLY)
    async with tree.running({"EVENT_BUS_URL": "memory://"}) as (_, client):
        answer = await client.post("/pending")

    assert answer.json()[0] == 0
    assert answer.json()[1] == 1
