"""What an author writes: how much, and nothing that the framework could know."""

import asyncio
import shutil
from pathlib import Path
from statistics import median

import pytest

from tests.domains.person import rows, sign_up
from tests.domains.tree import DOMAINS, Tree
from tests.features.conftest import FEATURES
from tests.features.repetition import repetitions
from tests.manifest.made_up import project as made
from tests.manifest.made_up import python
from tests.manifest.test_index_tokens import tokens

MEDIAN, EACH = 600, 600
FILES = sorted(FEATURES.glob("*/plugins/*.py"))
REPEATED = {
    "an error is caught": "try:\n    f()\nexcept ValueError:\n    pass",
    "401 by hand": 'raise Refusal(401, "sign in")',
    "422 by hand": 'raise Refusal(422, "too long")',
    "title is validated again": "class New:\n    title: Annotated[str, Meta(max_length=5)]\n"
    "def f(new):\n    if len(new.title) > 5:\n        raise ValueError",
    "a type is checked by hand": "if isinstance(x, str): pass",
    "a transaction around one": "async def f(db):\n    async with db.transaction():\n        await db.execute('')",
    "what happens is logged": "self.logger.info('x')",
    "JSON by hand": "import msgspec.json",
}


def test_a_feature_costs_little_to_write() -> None:
    cost = {file.stem: tokens(file.read_text()) for file in FILES}
    table = "\n".join(f"{name:20}{count:6}" for name, count in [*cost.items(), ("median", median(cost.values()))])
    print(f"\n{table}")

    assert len(FILES) >= 10
    assert median(cost.values()) <= MEDIAN, table
    assert max(cost.values()) <= EACH, table


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_feature_repeats_nothing_that_the_framework_knows(file: Path) -> None:
    assert repetitions(file.read_text()) == []


@pytest.mark.parametrize("said", REPEATED)
def test_a_repetition_is_found(said: str) -> None:
    (found,) = repetitions(REPEATED[said])

    assert said in found


async def test_the_features_boot_without_a_finding(project: Tree, settings: dict[str, str]) -> None:
    async with project.running(settings) as (kernel, _):
        states = {part.state for part in kernel.system.plugins}

    assert (kernel.system.findings, states) == ([], {"ready"})


@pytest.mark.slow
async def test_the_features_work_on_postgresql_as_they_stand(
    project: Tree, settings: dict[str, str], postgres_url: str
) -> None:
    async with project.running(settings | {"DATABASE_URL": postgres_url}) as (kernel, client):
        ana = await sign_up(client, "ana")
        rows(postgres_url, "INSERT INTO products (name, cents, stock) VALUES ('cup', 900, 5)")
        placed = await client.post("/orders", json={"product_id": 1, "quantity": 2}, headers=ana.headers)
        async with asyncio.timeout(10):
            while not (sold := rows(postgres_url, "SELECT product_id, sold FROM sales")):
                await asyncio.sleep(0.01)

    assert (kernel.system.findings, placed.status_code, sold) == ([], 201, [(1, 2)])


@pytest.mark.slow
def test_the_strict_check_finds_nothing(tmp_path: Path) -> None:
    root = made(tmp_path, {}, boots=True)
    for domains in (DOMAINS, FEATURES):
        shutil.copytree(domains, root / "domains", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    checked = python(root, "-m", "manifest", "check", "--write", "--strict")

    said = [line for line in checked.stdout.splitlines() if not line.startswith("wrote ")]
    assert (checked.returncode, said, checked.stderr) == (0, [], "")
