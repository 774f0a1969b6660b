"""Each shipped plugin is deleted in turn: whatever else there is stands as it stood."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from hookspecs import Fact
from kernel.boot import Kernel
from tests.domains.tree import PLUGINS, Tree, plugin_name


@pytest.mark.parametrize("file", PLUGINS)
async def test_without_one_plugin_all_else_stands_unchanged(tree: Tree, tmp_path: Path, file: str) -> None:
    name = plugin_name(file)
    async with tree.running() as (kernel, client):
        whole, answers = standing(kernel, without=name), await probe(kernel, client)

    tree.delete(file)
    async with tree.running() as (kernel, client):
        rest, rest_answers = standing(kernel, without=name), await probe(kernel, client)

    assert name not in [part.name for part in kernel.system.plugins]
    assert rest == whole
    assert rest_answers.items() <= answers.items()


@pytest.mark.parametrize("domain", sorted({file.split("/")[0] for file in PLUGINS}))
async def test_without_one_domain_all_else_stands_unchanged(tree: Tree, domain: str) -> None:
    files = [file for file in PLUGINS if file.startswith(f"{domain}/")]
    async with tree.running() as (kernel, _):
        whole = standing(kernel, without=domain)

    for file in files:
        tree.delete(file)
    async with tree.running() as (kernel, client):
        answers = await probe(kernel, client)

        assert standing(kernel, without=domain) == whole
        assert answers


def standing(kernel: Kernel, without: str) -> list[Fact]:
    """List the routes, subscriptions and tables that are not of `without`, a plugin or a domain."""
    facts: Sequence[Fact] = kernel.system.facts
    kinds = ("endpoint", "subscription", "table", "responder")
    return [fact for fact in facts if fact.kind in kinds and not f"{fact.owner}.".startswith(f"{without}.")]


async def probe(kernel: Kernel, client: httpx.AsyncClient) -> dict[str, int]:
    """Call every route without a token, and answer with the statuses."""
    names = [fact.name for fact in kernel.system.facts if fact.kind == "endpoint"]
    return {name: (await client.request(*name.split())).status_code for name in names}
