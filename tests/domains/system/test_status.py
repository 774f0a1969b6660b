import httpx

from tests.domains.person import Person, settled, sign_up, sign_up_admin
from tests.domains.tree import PLUGINS, Tree, plugin_name

FAILS = """
from hookspecs import hookimpl

class Fails:
    def __init__(self, event_bus):
        self.bus = event_bus

    @hookimpl
    async def on_boot(self):
        self.bus.subscribe("user.created", self.execute, retries=0)

    async def execute(self, user):
        raise LookupError("no such thing")
"""


async def test_administrators_see_what_stands(client: httpx.AsyncClient, root: Person) -> None:
    status = await settled(client, root)

    assert [one["name"] for one in status["plugins"]] == sorted(map(plugin_name, PLUGINS))
    assert {one["error"] for one in status["plugins"] + status["tools"]} == {""}
    assert status["health"]["status"] == "ready"
    assert status["dead_letters_by_group"] == {}


async def test_others_see_nothing(client: httpx.AsyncClient, ana: Person) -> None:
    answer = await client.get("/system/status", headers=ana.headers)

    assert answer.status_code == 403


async def test_events_that_failed_are_counted_without_what_they_carried(
    tree: Tree, settings: dict[str, str], database: str
) -> None:
    tree.add("users/plugins/fails.py", FAILS)
    async with tree.running(settings) as (_, client):
        root = await sign_up_admin(client, database)
        ana = await sign_up(client, "ana")

        status = await settled(client, root)

        assert status["dead_letters_by_group"] == {"users.fails.execute": 2}
        assert ana.email not in str(status)


async def test_what_is_disabled_and_what_is_broken_is_shown(
    tree: Tree, settings: dict[str, str], database: str
) -> None:
    tree.add("users/plugins/fails.py", FAILS.replace("event_bus", "event_buss"))
    async with tree.running(settings, disabled=["users.logout"], quarantine=True) as (_, client):
        root = await sign_up_admin(client, database)

        status = await settled(client, root)

        states = {one["name"]: (one["state"], one["error"]) for one in status["plugins"]}
        assert states["users.logout"] == ("disabled", "")
        assert states["users.fails"][0] == "broken"
        assert "did you mean 'event_bus'" in states["users.fails"][1]
