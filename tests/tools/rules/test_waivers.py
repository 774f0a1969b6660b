"""A waiver stands beside its line or above it, has a reason, and is listed."""

from pathlib import Path

import pytest

from hookspecs import Fact
from tests.tools.rules.seeded import Seeded
from tests.tools.rules.seeds import BOOT, FILE, HEARD, HEARS, imports, on, plugin

QUERY = "{above}async def f(self, column):\n    {inside}await self.db.query(\n"
QUERY += "        f'SELECT {{column}}',{beside}\n    ){end}\n"


@pytest.mark.parametrize("where", ["inside", "beside", "end"])
async def test_it_covers_all_lines_of_its_statement(where: str, tmp_path: Path) -> None:
    waiver, places = "# rule-ok: sql-text one of two constants", dict.fromkeys(["above", "inside", "beside", "end"], "")
    places[where] = f"{waiver}\n    " if where == "inside" else f"  {waiver}"

    found = await Seeded(tmp_path, {FILE: plugin(BOOT + QUERY.format(**places))}).boot()

    assert found.findings == []


async def test_it_covers_nothing_else(tmp_path: Path) -> None:
    body = QUERY.format(above="# rule-ok: sql-text one of two constants\n", inside="", beside="", end="")

    found = await Seeded(tmp_path, {FILE: plugin(BOOT + body)}).boot()

    assert [one.code for one in found.findings] == ["sql-text", "waiver-idle"]


async def test_it_is_listed_with_its_place_and_its_reason(tmp_path: Path) -> None:
    project = Seeded(tmp_path, imports("import tools.db  # rule-ok: import-work until the contract has it"))

    found = await project.boot()

    data = {"file": f"{project.folder}/{FILE}", "line": 2}
    assert [fact for fact in found.facts if fact.kind == "waiver"] == [
        Fact("waiver", "users.feature", "import-work", "until the contract has it", data)
    ]
    assert (found.findings, found.plugins["users.feature"].state) == ([], "ready")


async def test_what_only_all_files_together_show_can_be_waived_too(tmp_path: Path) -> None:
    waived = "  # rule-ok: event-unpublished another app sends it"
    files = {FILE: plugin(on("order.paid", waived) + HEARD, HEARS)}

    assert (await Seeded(tmp_path, files).boot()).findings == []


async def test_one_in_a_text_is_none(tmp_path: Path) -> None:
    found = await Seeded(tmp_path, imports("X = '# rule-ok: import-io in a text'")).boot()

    assert (found.findings, [fact for fact in found.facts if fact.kind == "waiver"]) == ([], [])


async def test_several_may_stand_above_one_line(tmp_path: Path) -> None:
    body = "async def f(self, x):\n    # rule-ok: sql-text x is a constant\n"
    body += "    # rule-ok: missing-await it is a stand-in\n"
    body += "    self.db.query(f'SELECT {x}')\n"

    assert (await Seeded(tmp_path, {FILE: plugin(BOOT + body)}).boot()).findings == []
