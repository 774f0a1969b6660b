"""What breaks a rule, each in the smallest tree in which it does; `seeded.py` says what the marks mean."""

from textwrap import dedent, indent

TOOLS = "db, event_bus, http"


def plugin(body: str, head: str = "", name: str = "Feature") -> str:
    """Write a plugin: `head` before its class, `body` in it, which has the tools `self.db`, `self.bus`, `self.http`."""
    init = f"def __init__(self, {TOOLS}) -> None:\n    self.db, self.bus, self.http = {TOOLS}\n"
    return (
        f"from hookspecs import hookimpl\n{dedent(head)}\n\nclass {name}:\n"
        f"{indent(init, '    ')}\n{indent(dedent(body), '    ')}"
    )


BOOT = "@hookimpl\nasync def on_boot(self): pass\n"
FILE = "users/plugins/feature.py"
USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"


def imports(line: str) -> dict[str, str]:
    """Write a plugin that imports."""
    return {FILE: plugin(BOOT, line)}


def on(event: str, callback: str) -> str:
    """Write the body of a plugin that subscribes."""
    return f"@hookimpl\nasync def on_boot(self):\n    self.bus.subscribe('{event}', self.hear){callback}"


HEARS = "from msgspec import Struct\nclass Account(Struct):\n    id: int\n    email: str\n    name: str = ''\n"
HEARD = "\nasync def hear(self, account: Account): pass\n"

SEEDS: dict[str, dict[str, str]] = {
    # ------------------------------------------------------------ imports
    "a plugin of the same domain": imports("from DOMAINS.users.plugins.login import Login  # ! import-plugin"),
    "a plugin of another domain": imports("import domains.mail.plugins.send as send  # ! import-plugin"),
    "a plugin beside it, relatively": imports("from .login import Login  # ! import-plugin"),
    "another domain's models": imports("from domains.mail.models import Mail  # ! import-domain"),
    "another domain, relatively": imports("from ...mail.models import Mail  # ! import-domain"),
    "a module of the own domain that is no model": imports("from DOMAINS.users.rules import Age  # ! import-domain"),
    "the work of a tool": imports("from tools.db.database import Database  # ! import-work"),
    "a tool's folder": imports("import tools.db  # ! import-work"),
    "the kernel": imports("from kernel.boot import Kernel  # ! import-upward"),
    "a plugin, inside of a method": {
        FILE: plugin(BOOT + "async def f(self):\n    import domains.mail.plugins.send  # ! import-plugin\n")
    },
    "a plugin, by its name as a text": {
        FILE: plugin(
            BOOT + "async def f(self):\n    return import_module('domains.mail.plugins.send')  # ! import-plugin\n",
            "from importlib import import_module",
        )
    },
    "models that import another domain": {
        "users/models.py": "from DOMAINS.mail.models import Mail  # ! import-domain\n",
        FILE: plugin(BOOT, "from DOMAINS.users.models import Mail"),
    },
    # ------------------------------------------------------------ one plugin, and names
    "two plugins in one file": {
        FILE: plugin(BOOT) + "\n\nclass Other:  # ! two-plugins\n    @hookimpl\n    def describe(self): return []\n"
    },
    "a method that is defined twice": {
        FILE: plugin(BOOT + "async def f(self): return 1\nasync def f(self): return 2  # ! duplicate-name\n")
    },
    "a class that is defined twice": {
        FILE: plugin(BOOT, "class Row:\n    id = 1\nclass Row:  # ! duplicate-name\n    id = 2\n")
    },
    "an attribute that hides a method": {
        FILE: plugin(BOOT + "def f(self):\n    self.g = 1  # ? shadowed-name\ndef g(self): pass\n")
    },
    "a class that hides an import": {
        FILE: plugin(BOOT, "from decimal import Decimal\nclass Decimal:  # ? shadowed-name\n    pass\n")
    },
    # ------------------------------------------------------------ at import
    "a file opened at import": imports("DATA = open('/dev/null').read()  # ! import-io"),
    "a request at import": imports("import urllib.request as web\nPAGE = web.urlopen('x:')  # ! import-io"),
    "a process at import, under another name": imports("from subprocess import run as go\ngo(['true'])  # ! import-io"),
    "a wait at import, in a default": {
        FILE: plugin(BOOT + "def f(self, now=time.sleep(9)): pass  # ! import-io\n", "import time")
    },
    "a path read in a class's body": {
        FILE: plugin(BOOT + "TEXT = (Path('/') / 'dev/null').read_text()  # ! import-io\n", "from pathlib import Path")
    },
    "a file opened by a function that is called at import": imports(
        "import os\ndef load():\n    return os.popen('true').close()\nDATA = load()  # ? import-io"
    ),
    "the environment read at import": imports("import os\nKEY = os.environ.get('KEY', '')  # ? import-environ"),
    # ------------------------------------------------------------ blocking, and awaiting
    "a sleep in a handler": {
        FILE: plugin(BOOT + "async def f(self):\n    time.sleep(1)  # ? blocking-call\n", "import time")
    },
    "a blocking client in a handler": {
        FILE: plugin(
            BOOT + "async def f(self):\n    return get('http://x')  # ? blocking-call\n", "from httpx import get"
        )
    },
    "a database of its own in a handler": {
        FILE: plugin(BOOT + "async def f(self):\n    sqlite3.connect('x')  # ? blocking-call\n", "import sqlite3")
    },
    "a file in a handler": {FILE: plugin(BOOT + "async def f(self):\n    return open('x')  # ? blocking-call\n")},
    "a statement that is not awaited": {
        FILE: plugin(BOOT + "async def f(self):\n    self.db.execute('DELETE FROM a')  # ? missing-await\n")
    },
    "a condition that is not awaited": {
        FILE: plugin(BOOT + "async def f(self):\n    if not self.db.query_one('SELECT 1'): return  # ? missing-await\n")
    },
    # ------------------------------------------------------------ SQL and tables
    "an f-string of values": {
        FILE: plugin(BOOT + "async def f(self, x):\n    await self.db.query(f'SELECT {x}')  # ? sql-text\n")
    },
    "a text with %": {
        FILE: plugin(BOOT + "async def f(self, x):\n    await self.db.query('SELECT %s' % x)  # ? sql-text\n")
    },
    "a text put together before": {
        FILE: plugin(
            BOOT + "async def f(self, x):\n    sql = 'SELECT a'\n    sql += ' WHERE ' + x\n"
            "    await self.db.query(sql)  # ? sql-text\n"
        )
    },
    "two domains that create a table": {
        "mail/migrations/001_a.sql": "CREATE TABLE notes (id INTEGER);",
        "users/migrations/001_a.sql": "-- mine\nCREATE TABLE IF NOT EXISTS notes (id INTEGER);  -- ! table-two-owners",
        FILE: plugin(BOOT),
    },
    "a table that a plugin carries and another domain has": {
        "mail/migrations/001_a.sql": "CREATE TABLE notes (id INTEGER);",
        FILE: plugin(
            BOOT + "@hookimpl\ndef register_migrations(self):\n"
            "    return [Migration('001_n', 'CREATE TABLE IF NOT EXISTS notes (id INTEGER)')]  # ! table-two-owners\n",
            "from tools.db.contract import Migration",
        ),
    },
    "a row of another domain's table": {
        "users/migrations/001_a.sql": USERS,
        "mail/plugins/feature.py": plugin(
            BOOT
            + "async def f(self):\n    await self.db.execute('UPDATE users SET name = 1')  # ? table-foreign-write\n"
        ),
    },
    # ------------------------------------------------------------ events
    "a field that a typed subscriber reads and nobody sends": {
        FILE: plugin(BOOT + "async def f(self):\n    await self.bus.publish('user.created', {'id': 1})\n"),
        "mail/plugins/hear.py": plugin(on("user.created", "  # ? event-field") + HEARD, HEARS),
    },
    "a field that a publisher's Struct does not have": {
        "users/models.py": "from msgspec import Struct\nclass Created(Struct):\n    id: int\n",
        FILE: plugin(
            BOOT + "async def f(self):\n    made = Created(1)\n    await self.bus.publish('user.created', made)\n",
            "from DOMAINS.users.models import Created",
        ),
        "mail/plugins/hear.py": plugin(on("user.created", "  # ? event-field") + HEARD, HEARS),
    },
    "a key that a callback takes out of a dict": {
        FILE: plugin(BOOT + "async def f(self):\n    await self.bus.publish('user.created', dict(id=1))\n"),
        "mail/plugins/hear.py": plugin(
            on("user.created", "\nasync def hear(self, data):\n    return data['id'], data['mail']  # ? event-field\n")
        ),
    },
    "an event that nobody publishes": {
        "mail/plugins/hear.py": plugin(on("user.craeted", "  # ? event-unpublished") + HEARD, HEARS),
    },
    "a request that nobody replies to": {
        FILE: plugin(BOOT + "async def f(self):\n    await self.bus.request('user.get', {})  # ? request-unanswered\n")
    },
    # ------------------------------------------------------------ waivers and tools
    "a waiver without a reason": {
        FILE: plugin(
            BOOT + "async def f(self):\n    # rule-ok: blocking-call  # ? waiver-reason\n"
            "    time.sleep(0)  # ? blocking-call\n",
            "import time",
        )
    },
    "a waiver that waives nothing": imports("X = 1  # rule-ok: import-io it was a file once  # ? waiver-idle"),
    "a waiver of what is no rule": imports("X = 1  # rule-ok: import-oi it is a constant  # ? waiver-unknown"),
    "a tool that imports another one": {
        "tools/seeded/__init__.py": "from tools.db.contract import Db  # ! tool-import\n",
        FILE: plugin(BOOT),
    },
}
