"""A throwaway tool and a domain: an app as a stranger has it."""

from pathlib import Path

import pytest

from tests.manifest.made_up import ROOT, project

TOOL = '''
from typing import Protocol
from hookspecs import Tool, hookimpl

class Box(Protocol):
    """Holds."""

    def put(self, name: str) -> None:
        """Put it in."""
        ...

@hookimpl
def register_tools():
    from tools.box.work import Work
    return [Tool("box", Box, None, Work)]
'''
WORK = """
from hookspecs import Command, Refusal, hookimpl

class Work:
    def __init__(self, environ): self.environ = environ
    def put(self, name): raise OSError("no room")
    @hookimpl
    def register_commands(self):
        def refuse(arguments): raise Refusal(409, "not now")
        async def where(arguments):
            print(arguments.word, self.environ.get("WORD", "scratch"), self.environ.get("DB_MIGRATE"))
            return 3
        add = lambda parser: parser.add_argument("word")
        return [Command("scratchy", "s", add, where), Command("real", "r", add, where, real=True),
                Command("migrate", "m", add, where, real=True),
                ("refuse", "r", lambda parser: None, refuse, False)]
"""
BROKEN = "users.hello (domains/users/plugins/hello.py): on_boot failed: OSError: no room (at tools/box/work.py:6)"
PLUGIN = '''
from hookspecs import hookimpl

class Hello:
    """Say hello."""
    def __init__(self, box): self.box = box
    @hookimpl
    async def on_boot(self): {body}
'''


@pytest.fixture
def app(tmp_path: Path) -> Path:
    for name in ("asgi.py", "hookspecs.py", "kernel", "manifest"):
        (tmp_path / name).symlink_to(ROOT / name)
    files = {"tools/box/__init__.py": TOOL, "tools/box/work.py": WORK}
    files |= {"domains/users/plugins/hello.py": PLUGIN.format(body="pass")}
    return project(tmp_path, files)


def break_plugin(app: Path) -> None:
    project(app, {"domains/users/plugins/hello.py": PLUGIN.format(body="self.box.put('x')")})
