"""What is printed is what stands, in the same bytes, for plugins that are written otherwise than the shipped ones."""

from pathlib import Path

import pytest

from tests.manifest.made_up import project, python

PICK = """
from hookspecs import hookimpl
from msgspec import Struct, field

class PickSettings(Struct, rename="upper"):
    pick_kinds: frozenset[str] = frozenset({"alpha", "beta", "gamma", "delta"})
    pick_names: set[str] = field(default_factory=lambda: {"one", "two", "three", "four"})

class Pick:
    def __init__(self, http, config): self.http, self.settings = http, config.read(PickSettings)
    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/a/path/of/exactly/thirty/six/chars.", "GET", self.execute, public=True)
    async def execute(self, kinds: frozenset[str] = frozenset({"east", "west", "north", "south"})) -> None: ...
"""
CHAT = """
from enum import Enum
from hookspecs import hookimpl
from msgspec import Struct
from tools.http.contract import Socket

class Said(Struct):
    text: str

class Events(str, Enum):
    SAID = "chat.said"

class Chat:
    def __init__(self, http, event_bus): self.http, self.bus = http, event_bus
    @hookimpl
    async def on_boot(self):
        self.http.add_websocket("/chat/{room}", self.talk, public=True)
        self.http.mount("/old", self.talk)
        self.bus.subscribe(Events.SAID, self.hear)
    async def talk(self, room: str, socket: Socket[Said, str]) -> None:
        await self.bus.publish(Events.SAID, {"room": room})
    async def hear(self, data: dict) -> None: ...
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    files = {"domains/shop/plugins/pick.py": PICK, "domains/shop/plugins/chat.py": CHAT}
    return project(tmp_path, files, boots=True)


@pytest.mark.timeout(180)
def test_defaults_without_an_order_are_printed_in_the_same_one_by_every_process(app: Path) -> None:
    commands = (["show", "shop"], ["openapi"], ["settings"])

    told = {
        tuple(python(app, "-m", "manifest", *command, PYTHONHASHSEED=seed).stdout for command in commands)
        for seed in ("1", "2", "3")
    }

    assert len(told) == 1
    assert "= ['east', 'north', 'south', 'west']" in next(iter(told))[0]


def test_all_that_is_served_is_a_route_and_no_two_columns_run_together(app: Path) -> None:
    done = python(app, "-m", "manifest", "routes")

    assert [line.split() for line in done.stdout.splitlines()] == [
        ["GET", "/a/path/of/exactly/thirty/six/chars.", "public", "shop.pick", "(domains/shop/plugins/pick.py)"],
        ["WS", "/chat/{room}", "public", "shop.chat", "(domains/shop/plugins/chat.py)"],
        ["MOUNT", "/old", "guards", "itself", "shop.chat"],
    ]


def test_a_websocket_is_told_with_its_guard_and_its_messages(app: Path) -> None:
    domain = python(app, "-m", "manifest", "show", "shop").stdout
    index = python(app, "-m", "manifest", "show").stdout

    told = [
        "- websocket WS /chat/{room}: public",
        "  - path room: str",
        "  - receives Said {text: str}",
        "  - sends str",
    ]
    assert "\n".join(told) in domain
    assert "- chat: mount /old; websocket WS /chat/{room} public; out chat.said; in chat.said\n" in index


@pytest.mark.parametrize("name", ["/chat/{room}", "WS /chat/{room}"])
def test_a_websocket_is_found_by_its_name(name: str, app: Path) -> None:
    done = python(app, "-m", "manifest", "inspect", name)

    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "## shop.chat (domains/shop/plugins/chat.py)")
    assert "class Chat:" in done.stdout


def test_an_event_that_an_enum_names_is_called_as_it_travels(app: Path) -> None:
    done = python(app, "-m", "manifest", "events")

    assert done.stdout.partition("\n\n- ")[2] == (
        "chat.said\n  - published by shop.chat {room}\n  - heard by shop.chat in group shop.chat.hear\n"
    )
