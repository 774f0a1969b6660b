import sys
from enum import Enum
from pathlib import Path
from types import ModuleType

import pytest
from msgspec import Struct

from manifest.outgoing import Outgoing, outgoing
from tests.manifest.made_up import plugin, project

FILE = "domains/users/plugins/one.py"


class Paid(Struct, rename={"sum_cents": "sum"}):
    order: int
    sum_cents: int | None = None


def sent(root: Path, source: str, module: str = "") -> list[Outgoing]:
    return outgoing(plugin("users.one", module=module), project(root, {FILE: source}))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("bus.publish('a.b', {'x': 1, **more})", [Outgoing("publish", "a.b", (("x", ""),))]),
        ("bus.publish(NAME, payload)", [Outgoing("publish", "from.constant")]),
        ("bus.publish(f'{a}.b', {})", [Outgoing("publish", "(dynamic)")]),
        ("bus.publish(event='a.b', payload=dict(x=1))", [Outgoing("publish", "a.b", (("x", ""),))]),
        ("bus.request('a.b', {}, timeout=1)", [Outgoing("request", "a.b")]),
        ("scheduler.at(soon, 'a.b', {'x': 1})", [Outgoing("publish", "a.b", (("x", ""),))]),
        ("scheduler.every('x', 60, event='a.b')", [Outgoing("publish", "a.b")]),
        ("scheduler.cron('x', '0 7 * * *', NAME)", [Outgoing("publish", "from.constant")]),
        ("frame.at(row, column)", []),
        ("client.request('GET', 'https://x')", []),
        ("bus.publish()", []),
        ("print('bus.publish(1)')", []),
    ],
    ids=[
        "dict",
        "constant",
        "dynamic",
        "keywords",
        "request",
        "at",
        "every",
        "cron",
        "pandas",
        "httpx",
        "nothing",
        "text",
    ],
)
def test_events_out_are_read_from_calls(call: str, expected: list[Outgoing], tmp_path: Path) -> None:
    assert sent(tmp_path, f"NAME = 'from.constant'\nasync def f(bus):\n    await {call}\n") == expected


class Names(str, Enum):  # noqa: UP042 (the older spelling, whose `str()` is not its text)
    PAID = "order.paid"


def test_a_member_of_an_enum_is_sent_as_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("made_up_plugin")
    vars(module).update(Names=Names)
    monkeypatch.setitem(sys.modules, "made_up_plugin", module)

    (found,) = sent(tmp_path, "async def f(bus):\n    await bus.publish(Names.PAID, {})\n", "made_up_plugin")

    assert (str(found.event), type(found.event)) == ("order.paid", str)


def test_what_a_helper_or_a_base_class_of_the_models_sends_is_the_plugins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, {"models.py": """
class Base:
    async def tell(self): await self.bus.publish("stock.counted", {"id": 1})
async def announce(bus, level): await bus.publish("stock.changed", {"level": level})
async def unused(bus): await bus.publish("stock.lost", {})
"""})  # fmt: skip
    models, module = ModuleType("shop.models"), ModuleType("shop.plugins.one")
    models.__file__ = str(tmp_path / "models.py")
    exec(Path(models.__file__).read_text(), vars(models))
    vars(module).update(Base=models.Base, announce=models.announce)
    monkeypatch.setitem(sys.modules, "shop.models", models)
    monkeypatch.setitem(sys.modules, "shop.plugins.one", module)

    assert sent(tmp_path, "pass\n", "shop.plugins.one") == [
        Outgoing("publish", "stock.changed", (("level", ""),)), Outgoing("publish", "stock.counted", (("id", ""),)),
    ]  # fmt: skip


def test_the_fields_of_a_struct_come_with_their_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("made_up_plugin")
    vars(module).update(Paid=Paid, names=type("names", (), {"PAID": "order.paid"}))
    monkeypatch.setitem(sys.modules, "made_up_plugin", module)

    found = sent(tmp_path, "bus.publish(names.PAID, Paid(1))\n", "made_up_plugin")

    assert found == [Outgoing("publish", "order.paid", (("order", "int"), ("sum", "int | None")))]


@pytest.mark.parametrize(
    "line",
    ["p: Paid = f()", "p: Paid | None = f()", "p = await db.query_one(sql, into=Paid)", "p = Paid(1)", "pass"],
)
def test_the_fields_of_a_variable_are_those_of_the_type_that_its_function_gives_it(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("made_up_plugin")
    vars(module).update(Paid=Paid)
    monkeypatch.setitem(sys.modules, "made_up_plugin", module)
    parameter = "p: Paid" if line == "pass" else "x"
    source = f"async def f({parameter}):\n    {line}\n    bus.publish('a', p)\ndef g(p):\n    bus.publish('b', p)\n"

    found = sent(tmp_path, source, "made_up_plugin")

    assert found == [
        Outgoing("publish", "a", (("order", "int"), ("sum", "int | None"))),
        Outgoing("publish", "b"),
    ]


@pytest.mark.parametrize("line", ["p = await db.query(sql, into=Paid)", "p = f()", "p, q = f()", "p = [Paid(1)]"])
def test_a_variable_of_an_unknown_type_has_no_fields(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("made_up_plugin")
    vars(module).update(Paid=Paid)
    monkeypatch.setitem(sys.modules, "made_up_plugin", module)

    assert sent(tmp_path, f"async def f():\n    {line}\n    bus.publish('a', p)\n", "made_up_plugin") == [
        Outgoing("publish", "a")
    ]


@pytest.mark.parametrize(
    "source", ["bus.publish(", "bus.publish('a')\n\0", "# \udcff publish("], ids=["syntax", "null", "bytes"]
)
def test_a_file_that_does_not_parse_sends_nothing(source: str, tmp_path: Path) -> None:
    path = project(tmp_path, {FILE: ""}) / FILE
    path.write_bytes(source.encode(errors="surrogateescape"))

    assert outgoing(plugin("users.one"), tmp_path) == []


def test_a_file_that_is_gone_sends_nothing(tmp_path: Path) -> None:
    assert outgoing(plugin("users.gone"), tmp_path) == []


def test_a_plugin_from_a_package_is_read_where_it_was_imported_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("outside")
    module.__file__ = str(project(tmp_path, {"outside.py": "bus.publish('a.b', {})"}) / "outside.py")
    monkeypatch.setitem(sys.modules, "outside", module)
    part = plugin("outside", module="outside")

    assert outgoing(part, tmp_path / "project") == [Outgoing("publish", "a.b")]
