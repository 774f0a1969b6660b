"""The golden app is one: it boots, nothing of it is broken, and each task's symbols are in it."""

from pathlib import Path

import pytest

from tests.manifest.golden.app import domains, write_app
from tests.manifest.golden.more_tasks import MORE_TASKS, UNSEEN_TASKS
from tests.manifest.golden.tasks import TASKS, Task
from tests.manifest.made_up import python

LIST = """
import asyncio, asgi, manifest, sys

async def list_all():
    with manifest.scratch() as settings:
        kernel = asgi.make_kernel({**settings, "ON_BROKEN_PLUGIN": "quarantine"})
        await kernel.boot(consume=False)
        for part in kernel.system.plugins:
            if part.state != "ready":
                print(part.error)
        print(len(kernel.system.plugins), [str(one) for one in kernel.system.findings])
        await kernel.shutdown()
asyncio.run(list_all())
"""


def test_the_app_has_200_plugins_of_its_own() -> None:
    assert sum(len(domain.features) for domain in domains()) == 200


def test_the_app_boots_and_nothing_in_it_is_broken(tmp_path: Path) -> None:
    done = python(write_app(tmp_path), "-c", LIST)

    assert (done.stdout, done.stderr) == ("203 []\n", "")


@pytest.mark.parametrize("task", [*TASKS, *MORE_TASKS, *UNSEEN_TASKS], ids=lambda task: task.words)
def test_what_a_task_needs_is_in_the_app(task: Task) -> None:
    tables = {
        name: {one.name for one in table.columns} for domain in domains() for name, table in domain.tables.items()
    }
    events = {name: {*fields} for domain in domains() for name, fields in domain.events.items()}
    routes = {feature.trigger.removesuffix(" admin").removesuffix(" public")
              for domain in domains() for feature in domain.features}  # fmt: skip

    assert [name for name, columns in task.tables.items() if not {*columns.split()} <= tables[name]] == []
    assert [name for name, fields in task.events.items() if not {*fields.split()} <= events[name]] == []
    assert {*task.routes} <= routes


def test_there_are_20_tasks() -> None:
    assert len({task.words for task in TASKS}) == 20
