"""docs/rules.md lists every rule, and every rule has a seed."""

import re

import asgi
from tests.tools.rules.seeded import MARK
from tests.tools.rules.seeds import SEEDS
from tools.rules.codes import CODES

PAGE = (asgi.ROOT / "docs" / "rules.md").read_text()
LISTED = re.findall(r"^\| `([\w-]+)` \| (error|warning) \|", PAGE, re.MULTILINE)
SOURCE = "".join(file.read_text() for file in (asgi.ROOT / "tools" / "rules").rglob("*.py"))
SEEDED = {(hit["code"], hit["grade"] == "!") for seed in SEEDS.values() for text in seed.values()
          for line in text.splitlines() if (hit := MARK.search(line))}  # fmt: skip


def test_every_rule_that_is_listed_is_seeded_in_its_grade() -> None:
    assert {(code, grade == "error") for code, grade in LISTED} <= SEEDED
    assert {code for code, _ in SEEDED} == {code for code, _ in LISTED}


def test_every_code_that_is_found_or_can_be_waived_is_listed() -> None:
    found = set(re.findall(r'(?:Finding\(|\.error\(|\.warning\(|code, text = |return )"([a-z]+-[a-z-]+)"', SOURCE))

    assert found | set(CODES) == {code for code, _ in LISTED}
