"""A system that nobody booted, and throwaway projects that somebody can."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from hookspecs import Answer, Fact, Part, Refusal, System

ROOT = Path(__file__).parents[2]
SHARED = ("asgi.py", "hookspecs.py", "kernel", "manifest", "tools")


USUAL = ("Parcel", "LostError")


class LostError(Refusal):
    """404."""


class Parcel(Struct):
    """A parcel."""

    id: int
    weight_g: int


class Post(Protocol):
    """Sends parcels.

    Slowly.
    """

    speed: int

    async def send(self, parcel: "Parcel", *, to: str = "home", via: list[str] | None = None) -> "Parcel":
        """Send a parcel; and wait.

        Raises:
            LostError: sometimes.
        """
        ...

    def forget(self, extra: Any = None, **rest: object) -> None: ...


async def nobody(hook: str, **arguments: Any) -> list[Answer]:
    """Ask nobody."""
    return []


def system(facts: Sequence[Fact] = (), plugins: Sequence[Part] = (), root: Path = Path("nowhere")) -> System:
    """Make a system of a tool, two domains and these."""
    domains = [root / "domains/users", root / "domains/mail"]
    return System(
        nobody, domains, [Part("post", "tools/post/__init__.py", kind="tool", contract=Post)], [*plugins], [*facts]
    )


def plugin(name: str, **more: Any) -> Part:
    """Make a plugin of a domain that has booted."""
    domain, _, feature = name.partition(".")
    return Part(name, f"domains/{domain}/plugins/{feature}.py", **{"state": "ready", **more})


def column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    """Make a column as a fact of kind `table` has it."""
    return {"name": name, "type": kind, "nullable": False, "default": None, "primary_key": False, **more}


FACTS = [
    Fact("table", "users", "users", data={
        "columns": [column("id", "integer", primary_key=True), column("email", "text"),
                    column("age", "integer", default="0"),
                    column("team", "integer", nullable=True)],
        "unique": [["age", "team"], ["email"]],
        "foreign_keys": [{"column": "team", "table": "teams", "to": "id"}]}),
    Fact("endpoint", "users.create_user", "POST /users", data={
        "method": "POST", "path": "/users", "guard": "bearer:admin", "status": 201, "body": "NewUser", "answer": "User",
        "parameters": [{"name": "notify", "in": "query", "type": "bool", "required": False, "default": True},
                       {"name": "tenant", "in": "header", "type": "str", "required": True}],
        "body_fields": {"email": "str (3..80)"}, "answer_fields": {"id": "int"},
        "errors": {409: "a user with this email exists", 401: "sign in"}, "tags": []}),
    Fact("subscription", "mail.welcome", "user.created", data={"callback": "greet", "payload": {"email": "str"}}),
    Fact("responder", "mail.welcome", "mail.count", data={"callback": "count", "payload": {}}),
    Fact("transport", "event_bus", "memory", "in memory", {"is_default": True}),
    Fact("websocket", "mail.inbox", "/inbox", "what arrives"),
    Fact("clock", "post", "daily", "every day"),
    Fact("setting", "mail.welcome", "MAIL_SENDER", "who writes", {"type": "str", "default": "", "required": False}),
]  # fmt: skip
SOURCES = {
    "domains/users/plugins/create_user.py": "async def f(self, id):\n"
    "    await self.bus.publish('user.created', {'id': id, 'email': ''})\n"
    "    await self.bus.request('mail.count', {})\n",
    "domains/mail/plugins/inbox.py": "",
    "domains/mail/plugins/welcome.py": "",
}
PLUGINS = [
    plugin("users.create_user", summary="POST /users: store a user.", needs=["http", "event_bus"]),
    plugin("mail.inbox"),
    plugin("mail.welcome", summary="Write to new users."),
    plugin("mail.quiet", summary="Do nothing."),
]


def project(root: Path, files: dict[str, str], *, boots: bool = False) -> Path:
    """Write files into a folder; one that boots has our kernel and tools too."""
    for name in SHARED if boots else ():
        (root / name).symlink_to(ROOT / name)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def python(root: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a project."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=root,
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
