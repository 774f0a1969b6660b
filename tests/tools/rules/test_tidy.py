"""What keeps the rules is left alone: the shipped tree, and what only looks like a violation."""

import shutil
from pathlib import Path

import pytest

import asgi
from tests.tools.rules.seeded import Seeded
from tests.tools.rules.seeds import BOOT, FILE, HEARD, HEARS, USERS, on, plugin

ASYNC = BOOT + "async def f(self, x, ids):\n    "
TIDY: dict[str, dict[str, str]] = {
    "types only": {FILE: plugin(BOOT, "import os\nif __name__ == '__main__':\n    print(os.environ['A'])")},
    "a local name that is called as a module": {FILE: plugin(BOOT + "async def f(self, time):\n    time.sleep(1)\n")},
    "a function of the file's own that is called open": {
        FILE: plugin(BOOT, "def open(x):\n    return x\nDATA = open('x')")
    },
    "a def may block": {FILE: plugin(BOOT + "def f(self):\n    time.sleep(1)\n", "import time")},
    "a function inside of it may block": {
        FILE: plugin(ASYNC + "def g():\n        time.sleep(1)\n    return g\n", "import time")
    },
    "a file in a hook": {FILE: plugin("@hookimpl\nasync def on_boot(self):\n    open(__file__).close()\n")},
    "what is handed on is awaited elsewhere": {FILE: plugin(ASYNC + "return self.db.query('SELECT 1')\n")},
    "a method that is no coroutine": {
        FILE: plugin("@hookimpl\nasync def on_boot(self):\n    self.http.mount('/m', lambda *scope: None)\n")
    },
    "an attribute that is no tool any more": {
        FILE: plugin(BOOT + "async def f(self):\n    self.db = dict()\n    self.db.execute('x')\n")
    },
    "SQL of constants": {
        FILE: plugin(
            ASYNC + "sql = 'SELECT ' + COLUMNS\n    await self.db.query(sql)\n"
            "    await self.db.query(f'SELECT {COLUMNS} FROM a' ' WHERE b = ?', (x,))\n",
            "COLUMNS = 'a, b'",
        )
    },
    "a row of placeholders": {
        FILE: plugin(
            ASYNC + "marks = ', '.join('?' for _ in ids)\n"
            "    await self.db.query(f'SELECT a WHERE b IN ({marks})', ids)\n"
            "    await self.db.query('SELECT a WHERE b IN (%s)' % ', '.join(['?'] * len(ids)), ids)\n"
        )
    },
    "a text of a thousand parts": {
        FILE: plugin(ASYNC + "await self.db.query('SELECT 1')\n", "X = [" + " + ".join(["1"] * 900) + "]")
    },
    "a property and its setter": {
        FILE: plugin(BOOT + "@property\ndef a(self): return 1\n@a.setter\ndef a(self, x): pass\n")
    },
    "a table of one's own, and one that is read": {
        "users/migrations/001_a.sql": USERS,
        FILE: plugin(ASYNC + "await self.db.execute('UPDATE users SET name = ?', (x,))\n"),
        "mail/plugins/reads.py": plugin(ASYNC + "await self.db.query('SELECT name FROM users FOR UPDATE')\n"),
    },
    "a table that is created in a comment only": {
        "users/migrations/001_a.sql": USERS,
        "mail/migrations/001_a.sql": "/* CREATE TABLE users */ CREATE TABLE mails (id INTEGER);",
        FILE: plugin(BOOT),
    },
    "a field with a default that is not sent": {
        FILE: plugin(ASYNC + "await self.bus.publish('user.created', {'id': 1, 'email': x})\n"),
        "mail/plugins/hear.py": plugin(on("user.created", "") + HEARD, HEARS),
    },
    "a payload that nobody can know": {
        FILE: plugin(
            ASYNC + "await self.bus.publish('user.created', {**x})\n    y = {'id': 1}\n    y['email'] = x\n"
            "    await self.bus.publish('user.created', y)\n    await self.bus.publish('user.created', x)\n"
        ),
        "mail/plugins/hear.py": plugin(on("user.created", "") + HEARD, HEARS),
    },
    "an event whose name is put together": {
        FILE: plugin(ASYNC + "await self.bus.publish(f'user.{x}', {'id': 1, 'email': 'a'})\n"),
        "mail/plugins/hear.py": plugin(on("user.created", "") + HEARD, HEARS),
    },
    "an event that a scheduler is told": {
        FILE: plugin(ASYNC + "self.http.tell('user.created')\n"),
        "mail/plugins/hear.py": plugin(on("user.created", "") + HEARD, HEARS),
    },
    "an event by a constant's name": {
        "users/models.py": "CREATED = 'user.created'\n",
        FILE: plugin(
            ASYNC + "await self.bus.publish(CREATED, {'id': 1, 'email': 'a'})\n",
            "from DOMAINS.users.models import CREATED",
        ),
        "mail/plugins/hear.py": plugin(on("user.created", "") + HEARD, HEARS),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", TIDY)
async def test_what_only_looks_like_a_violation_is_none(name: str, tmp_path: Path) -> None:
    found = await Seeded(tmp_path, TIDY[name]).boot()

    assert (found.findings, found.errors) == ([], [])


async def test_the_shipped_tree_keeps_every_rule(tmp_path: Path) -> None:
    project = Seeded(tmp_path, {})
    shutil.copytree(asgi.ROOT / "domains", tmp_path / project.folder, ignore=shutil.ignore_patterns("__pycache__"))

    found = await project.boot()

    assert (found.findings, found.errors) == ([], [])
    assert len(found.plugins) >= 22
    assert [fact for fact in found.facts if fact.kind == "waiver"] == []
