"""The same things written otherwise: right code that looks odd, and wrong code that looks right."""

from textwrap import dedent, indent

from tests.tools.rules.seeds import BOOT, FILE, HEARD, HEARS, USERS, imports, on, plugin

HEAR = "mail/plugins/hear.py"


def handler(lines: str, head: str = "") -> dict[str, str]:
    """Write a plugin with one handler, whose body these lines are."""
    head_of_handler = "async def f(self, x, ids, newest=False):\n"
    return {FILE: plugin(f"{BOOT}{head_of_handler}{indent(dedent(lines).strip(), '    ')}\n", head)}


def sent(payload: str, hear: str = "", head: str = "") -> dict[str, str]:
    """Write a publisher of `user.created`, and who hears it."""
    hears = {HEAR: plugin(on("user.created", "") + (hear or HEARD), HEARS)}
    return {**handler(f"{payload}\nawait self.bus.publish('user.created', payload)", head), **hears}


def heard(lines: str) -> dict[str, str]:
    """Write who hears `{"id": 1}` as a dict, and takes it apart with these lines."""
    return sent(
        "payload = {'id': 1}", f"\nasync def hear(self, data: dict):\n{indent(dedent(lines).strip(), '    ')}\n"
    )


def foreign(lines: str, head: str = "") -> dict[str, str]:
    """Write a handler of another domain than that of the table `users`."""
    written = handler(lines, head)[FILE]
    return {"users/migrations/001_a.sql": USERS, "mail/plugins/writes.py": written}


OTHER = "from msgspec import Struct\nclass Ok(Struct):\n    id: int\nclass Other(Struct):\n    zzz: int\n"
RIGHT: dict[str, dict[str, str]] = {
    "one of two literals": handler(
        """await self.db.query(f"SELECT a FROM t ORDER BY a {'DESC' if newest else 'ASC'}")"""
    ),
    "one of two literals, by a name": handler(
        "way = 'DESC' if newest else 'ASC'\nawait self.db.query(f'SELECT a FROM t ORDER BY a {way}')"
    ),
    "an optional clause": handler("more = ' LIMIT 5' if newest else ''\nawait self.db.query('SELECT a FROM t' + more)"),
    "placeholders without the last comma": handler(
        "marks = ('?, ' * len(ids)).rstrip(', ')\nawait self.db.query(f'SELECT a WHERE a IN ({marks})', ids)"
    ),
    "placeholders without the last character": handler(
        "marks = ('?,' * len(ids))[:-1]\nawait self.db.query(f'SELECT a WHERE a IN ({marks})', ids)"
    ),
    "conditions that are gathered": handler("""
        where, given = ['a = 1'], []
        if x:
            where.append('b = ?')
        text = ' AND '.join(where)
        await self.db.query(f'SELECT a FROM t WHERE {text}', given)
    """),
    "each of several literals": handler("for table in ('a', 'b'):\n    await self.db.execute(f'DELETE FROM {table}')"),
    "a Core statement": handler(
        "await self.db.query(select(users).where(users.c.name == f'{x}!'))",
        "from sqlalchemy import select, table\nusers = table('users')",
    ),
    "a payload that is enlarged by |=": sent("payload = {'id': 1}\npayload |= {'email': 'x'}"),
    "a payload that is enlarged elsewhere": sent("payload = {'id': 1}\nself.enlarge(payload)"),
    "a callback of another class's name": {
        **handler("await self.bus.publish('user.created', {'id': 1})"),
        HEAR: plugin(on("user.created", "\nasync def hear(self, one: Ok): pass\n"), OTHER)
        + "\n\nclass Helper:\n    def hear(self, one: Other): pass\n",
    },
    "a key that is looked for": heard("if 'mail' in data:\n    return data['mail']"),
    "a key that may be missing": heard("try:\n    return data['mail']\nexcept KeyError:\n    return ''"),
    "a key that is set before": heard("data.setdefault('mail', '')\nreturn data['mail']"),
    "another dict under that name": heard("data = {'mail': 1, **data}\nreturn data['mail']"),
    "a path whose methods are awaited": handler("return await anyio.Path('x').read_text()", "import anyio"),
    "the guard of a script, the other way round": imports(
        "import os\nif '__main__' == __name__:\n    print(os.environ['X'])"
    ),
    "the environment that is handed on": imports("import os\ndef f(environ=os.environ): pass"),
    "an error that reads like SQL": foreign("raise ValueError('cannot update users set by others')"),
    "a waiver behind a noqa": handler(
        "await self.db.query(f'SELECT {x}')  # noqa: S608  # rule-ok: sql-text x is one of two columns"
    ),
    "a waiver above a statement with a body": handler("""
        # rule-ok: sql-text x is one of two columns
        if (
            await self.db.query(f'SELECT {x}')
        ):
            pass
    """),
    "a foreign table that is waived in SQL": {
        "users/migrations/001_a.sql": USERS,
        "mail/migrations/001_b.sql": "-- depends: users/001\n-- rule-ok: table-foreign-write until users has it\n"
        "ALTER TABLE users\n    ADD COLUMN score INTEGER;",
        "mail/plugins/feature.py": plugin(BOOT),
    },
    "coroutines that are gathered": handler(
        "a, b = self.db.query('SELECT 1'), self.db.query('SELECT 2')\nawait asyncio.gather(a, b)", "import asyncio"
    ),
    "a coroutine that is awaited later": handler(
        "a = self.db.query_one('SELECT 1')\nif x: pass\nreturn (await a)['a']"
    ),
}
DATACLASS = """from dataclasses import dataclass
from hookspecs import hookimpl

@dataclass
class Feature:
    db: object
    @hookimpl
    async def on_boot(self): pass
    async def f(self, x):
        await self.db.query(f'SELECT {x}')  # ? sql-text
        self.db.execute('DELETE FROM a')  # ? missing-await
"""
INHERITED = """from hookspecs import hookimpl
from DOMAINS.users.models import Base

class Feature(Base):
    @hookimpl
    async def on_boot(self): pass
    async def f(self, x):
        await self.db.query(f'SELECT {x}')  # ? sql-text
"""


def sql(lines: str, head: str = "") -> dict[str, str]:
    """Write a handler whose last line hands SQL with a value in it to `db`."""
    return handler(f"{dedent(lines).strip()}  # ? sql-text", head)


def tool(line: str) -> dict[str, str]:
    """Write a tool that imports another one."""
    return {"tools/seeded/__init__.py": f"{line}  # ! tool-import\n", FILE: plugin(BOOT)}


WRONG: dict[str, dict[str, str]] = {
    "% on a constant": sql("await self.db.query(QUERY % x)", "QUERY = 'SELECT %s FROM t'"),
    "format of a constant": sql("await self.db.query(QUERY.format(x=x))", "QUERY = 'SELECT {x} FROM t'"),
    "a value behind a constant": sql("await self.db.query(BASE + x)", "BASE = 'SELECT a FROM '"),
    "a text with its type": sql("sql: str = f'SELECT {x}'\nawait self.db.query(sql)"),
    "a text that is assigned on the way": sql("await self.db.query(sql := f'SELECT {x}')"),
    "a value that is joined": sql("await self.db.query(' '.join(['SELECT', x]))"),
    "a text without its indentation": sql("await self.db.query(dedent(f'SELECT {x}'))", "from textwrap import dedent"),
    "a text without its spaces": sql("await self.db.query(f'SELECT {x} '.strip())"),
    "a value in the place of a word": sql("await self.db.query('SELECT X'.replace('X', x))"),
    "a value that is added by its name": sql("sql = 'SELECT a FROM t '\nsql += x\nawait self.db.query(sql)"),
    "a condition with a value, gathered": sql("""
        where = ['a = 1']
        where.append(f'b = {x}')
        text = ' AND '.join(where)
        await self.db.query(f'SELECT a FROM t WHERE {text}')
    """),
    "a plugin that is a dataclass": {FILE: DATACLASS},
    "a plugin whose base class has its tools": {
        "users/models.py": "class Base:\n    def __init__(self, db): self.db = db\n",
        FILE: INHERITED,
    },
    "a result that is only named": handler(
        "rows = self.db.query('SELECT 1')\nfor row in rows:  # ? missing-await\n    pass"
    ),
    "a result that is counted": handler("return len(self.db.query('SELECT 1'))  # ? missing-await"),
    "a result that is matched": handler(
        "match self.db.query_one('SELECT 1'):  # ? missing-await\n    case None:\n        pass"
    ),
    "a variable that is looked for": imports("import os\nX = 'KEY' in os.environ  # ? import-environ"),
    "a variable with a default": imports("import os\nX = os.environ.setdefault('A', 'b')  # ? import-environ"),
    "a copy of the environment": imports("import os\nX = dict(os.environ)  # ? import-environ"),
    "a file that a generator reads": imports("X = list(line for line in open('/dev/null'))  # ! import-io"),
    "a plugin beside it, by a relative name": handler(
        "return import_module('.login', __package__)  # ! import-plugin", "from importlib import import_module"
    ),
    "a plugin, by a keyword": handler(
        "return import_module(name='domains.mail.plugins.send')  # ! import-plugin",
        "from importlib import import_module",
    ),
    "a foreign table in a migration": {
        "users/migrations/001_a.sql": USERS,
        "mail/migrations/001_b.sql": "-- depends: users/001\n"
        "ALTER TABLE users ADD COLUMN a INTEGER;  -- ? table-foreign-write",
        "mail/plugins/feature.py": plugin(BOOT),
    },
    "a foreign table by a constant": foreign(
        "await self.db.execute(f'UPDATE {TABLE} SET name = 1')  # ? table-foreign-write", "TABLE = 'users'"
    ),
    "a foreign table that is emptied": foreign("await self.db.execute('TRUNCATE users')  # ? table-foreign-write"),
    "a virtual table of two domains": {
        "mail/migrations/001_a.sql": "CREATE VIRTUAL TABLE notes USING fts5 (a);",
        "users/migrations/001_a.sql": "CREATE TABLE IF NOT EXISTS notes (id INTEGER);  -- ! table-two-owners",
        FILE: plugin(BOOT),
    },
    "a tool, relatively": tool("from ..db.contract import Db"),
    "a tool among others": tool("import json, tools.db.contract, re"),
    "a tool behind a semicolon": tool("import json; import tools.db.contract"),
    "a tool in a line with a condition": tool("if True: from tools.db.contract import Db"),
    "a type in quotes": {
        **handler("await self.bus.publish('user.created', {'id': 1})"),
        HEAR: plugin(
            on("user.created", "  # ? event-field") + "\nasync def hear(self, account: 'Account'): pass\n", HEARS
        ),
    },
}
