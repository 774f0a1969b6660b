"""The text of new files; what stands in capitals is filled in."""

from collections.abc import Collection, Sequence

IMPORTED = ("Annotated", "Auth", "Db", "Http", "Meta", "Page", "Paging", "Path", "Struct")
"""What new files import, and no class of theirs may hide."""

_PLUGIN = '''\
from typing import Annotated

from msgspec import Meta, Struct

from hookspecs import hookimpl
IMPORTS


class CLASSRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]


class CLASSAnswer(Struct, frozen=True):
    """What is answered."""

    name: str


class CLASS:
    """POST PATH: WORDS."""

    def __init__(self, PARAMETERS) -> None:
        SELF = TOOLS

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint(
            "PATH",
            "POST",
            self.execute,
            PROTECTION,
            tags=["TAG"],
        )

    async def execute(self, asked: CLASSRequest) -> CLASSAnswer:
        return CLASSAnswer(asked.name)
'''

_GUARDED_TEST = """\
import httpx

from tests.domains.person import Person

URL = "PATH"


async def test_a_caller_without_a_token_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"name": "Ana"})

    assert answer.status_code == 401


async def test_what_is_asked_for_is_answered(client: httpx.AsyncClient, ana: Person) -> None:
    answer = await client.post(URL, json={"name": "Ana"}, headers=ana.headers)

    assert (answer.status_code, answer.json()) == (200, {"name": "Ana"})
"""

_PUBLIC_TEST = """\
import httpx

URL = "PATH"


async def test_what_is_asked_for_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"name": "Ana"})

    assert (answer.status_code, answer.json()) == (200, {"name": "Ana"})
"""

_MODELS = '''\
"""What the features of `DOMAIN` share: the shapes of requests, answers, rows and events."""

from datetime import datetime

from msgspec import Struct


class CLASS(Struct, frozen=True):
    """A row of `DOMAIN`."""

    id: int
    name: str
    created_at_utc: datetime
'''

_MIGRATION = """\
CREATE TABLE DOMAIN (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at_utc TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""

_LIST = '''\
from domains.DOMAIN.models import CLASS
from hookspecs import hookimpl
IMPORTS


class ListCLASS:
    """GET PATH: list WORDS by id, a page at a time."""

    def __init__(self, PARAMETERS) -> None:
        SELF = TOOLS

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint(
            "PATH",
            "GET",
            self.execute,
            PROTECTION,
            tags=["TAG"],
        )

    async def execute(self, page: Paging) -> Page[CLASS]:
        found: list[CLASS] = await self.db.query(
            "SELECT id, name, created_at_utc FROM DOMAIN WHERE id > ? ORDER BY id LIMIT ?",
            (*page.start(0), page.rows),
            into=CLASS,
        )
        return page.of(found, lambda one: one.id)
'''

_LIST_TEST = """\
import sqlite3
from contextlib import closing
from pathlib import Path

import asgi


async def test_DOOR(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/app.db"}

    async with asgi.running(settings) as client:
        answer = await client.get("PATH")

    with closing(sqlite3.connect(tmp_path / "app.db")) as database:
        rows = database.execute("SELECT count(*) FROM DOMAIN").fetchone()
    assert (answer.status_code, rows) == (STATUS, (0,))
"""


def plugin_files(domain: str, feature: str, tools: Collection[str]) -> dict[str, str]:
    """Write a plugin with one endpoint, and its test; by file name."""
    needs = [one for one in ("http", "auth") if one in tools]
    words = _words(domain, feature, plugin_path(domain, feature), needs)
    return {
        f"domains/{domain}/plugins/{feature}.py": _filled(_PLUGIN, words),
        f"tests/domains/{domain}/test_{feature}.py": _filled(_GUARDED_TEST if "auth" in tools else _PUBLIC_TEST, words),
    }


def plugin_path(domain: str, feature: str) -> str:
    """Answer with the path of a new plugin's endpoint.

    >>> plugin_path("users", "ban_user")
    '/users/ban-user'
    """
    return f"{domain_path(domain)}/{feature.replace('_', '-')}"


def domain_path(domain: str) -> str:
    """Answer with the path that lists a new domain's table."""
    return f"/{domain.replace('_', '-')}"


def domain_files(domain: str, tools: Collection[str]) -> dict[str, str]:
    """Write a domain with a table and a plugin that lists it, and its test; by file name."""
    needs = [one for one in ("http", "db", "auth") if one in tools]
    words = _words(domain, domain, domain_path(domain), needs)
    words["IMPORTS"] = words["IMPORTS"].replace("import Http", "import Http, Page, Paging")
    return {
        f"domains/{domain}/models.py": _filled(_MODELS, words),
        f"domains/{domain}/migrations/001_{domain}.sql": _filled(_MIGRATION, words),
        f"domains/{domain}/plugins/list_{domain}.py": _filled(_LIST, words),
        f"tests/domains/{domain}/test_list_{domain}.py": _filled(_LIST_TEST, words),
    }


def class_name(name: str) -> str:
    """Write a name as a class has it.

    >>> class_name("ban_user")
    'BanUser'
    """
    return "".join(part.capitalize() for part in name.split("_"))


def _words(domain: str, feature: str, path: str, tools: Sequence[str]) -> dict[str, str]:
    contracts = {name: class_name(name) for name in tools}
    is_guarded = "auth" in tools
    return {
        "IMPORTS": "\n".join(sorted(f"from tools.{name}.contract import {kind}" for name, kind in contracts.items())),
        "PARAMETERS": ", ".join(f"{name}: {kind}" for name, kind in contracts.items()),
        "SELF": ", ".join(f"self.{name}" for name in tools),
        "TOOLS": ", ".join(tools),
        "PROTECTION": "guard=self.auth.require()" if is_guarded else "public=True",
        "DOOR": "a_caller_without_a_token_is_refused" if is_guarded else "everybody_is_let_in",
        "STATUS": "401" if is_guarded else "200",
        "DOMAIN": domain,
        "FEATURE": feature,
        "CLASS": class_name(feature),
        "PATH": path,
        "TAG": domain.replace("_", " ").capitalize(),
        "WORDS": feature.replace("_", " "),
    }


def _filled(text: str, words: dict[str, str]) -> str:
    for name in sorted(words, key=len, reverse=True):  # no name is part of a longer one that is still there
        text = text.replace(name, words[name])
    return text
