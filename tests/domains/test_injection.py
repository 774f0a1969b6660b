"""SQL in every parameter and field of the shipped system stays text: no error, no row more or less, nobody else's."""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from tests.domains.person import Person, rows, settled

pytestmark = pytest.mark.slow  # each payload through every parameter, a password hash a time

OPENINGS = ("", "'", '"', "')", "x'", "1", "1)", "x' COLLATE BINARY", "\\'", "%27")
STATEMENTS = (
    " OR 1=1 --",
    "; DROP TABLE users; --",
    "; UPDATE users SET role='admin'; --",
    " UNION SELECT id, name, email, role, created_at_utc FROM users --",
    " AND (SELECT group_concat(email || password_hash) FROM users) --",
)
PAYLOADS = [opening + statement for opening in OPENINGS for statement in STATEMENTS]
BOB = ("bob@example.com", '"bob"', "argon2")
# what a body has beside the field that holds the payload; `{}` is a number, for what nobody has yet
BODIES = {
    "POST /users": {"name": "Mallory", "email": "{}@example.com", "password": "correct horse"},
    "POST /auth/login": {"email": "bob@example.com", "password": "wrong horse"},
}


class Asked(NamedTuple):
    """A request with a payload in one place."""

    operation: str
    place: str
    text: str

    async def send(self, client: httpx.AsyncClient, person: Person, number: int) -> httpx.Response:
        """Send it as this person; `number` is for what else must be new."""
        method, path = self.operation.split()
        kind, _, name = self.place.partition(" ")
        path = path.replace("{id}", quote(self.text, safe="") if kind == "path" else str(person.id))
        others = {field: text.format(number) for field, text in BODIES.get(self.operation, {}).items()}
        body = {**others, name: self.text} if kind == "body" else None
        params = {name: self.text} if kind == "query" else {}
        return await client.request(method, path, params=params, json=body, headers=person.headers)


@pytest.fixture
def settings(database: str) -> dict[str, str]:
    """Hash as cheaply as may be, and let a wrong password be told as often as the test does."""
    often = dict.fromkeys(("LOGIN_ATTEMPTS_PER_ACCOUNT", "LOGIN_ATTEMPTS_PER_ADDRESS"), "100000")
    cheap = {"AUTH_ARGON2_MEMORY_KIB": "19456", "AUTH_ARGON2_TIME_COST": "2", "AUTH_ARGON2_PARALLELISM": "1"}
    return {"DATABASE_URL": database, **often, **cheap}


def spelt(payload: str, place: str) -> Iterator[str]:
    """Spell a payload as a text and, to come further than validation, as an address or a page's cursor."""
    yield payload
    if place == "body email":
        yield payload.replace(" ", "/**/") + "@example.com"
    if place == "query after":
        yield base64.urlsafe_b64encode(json.dumps([payload]).encode()).decode().rstrip("=")


def places(document: Any, operation: Any) -> Iterator[str]:
    """List where an operation takes text; in a URL, everything is."""
    for one in operation.get("parameters", ()):
        assert one["in"] in ("path", "query"), "say in `Asked.send` how it is sent"
        yield f"{one['in']} {one['name']}"
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schema = document["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
        for name, field in schema["properties"].items():
            kinds = {kind.get("type", "string") for kind in field.get("anyOf", [field])}
            yield from [f"body {name}"] if "string" in kinds else []


async def asked(client: httpx.AsyncClient) -> dict[str, list[Asked]]:
    """Make all requests, by operation."""
    document = (await client.get("/openapi.json")).json()
    return {
        f"{method.upper()} {path}": [
            Asked(f"{method.upper()} {path}", place, text)
            for place in places(document, operation)
            for payload in PAYLOADS
            for text in spelt(payload, place)
        ]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


async def answered(
    client: httpx.AsyncClient, person: Person, requests: list[Asked]
) -> list[tuple[Asked, httpx.Response]]:
    return [(one, await one.send(client, person, number)) for number, one in enumerate(requests)]


def stored(database: str) -> tuple[dict[str, int], list[Any]]:
    """Count the rows of every table of the application, and read all that is bob's."""
    tables = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    }
    names = [name for (name,) in rows(database, tables[database.partition(":")[0]]) if not name.startswith("_")]
    counts = {name: rows(database, f'SELECT count(*) FROM "{name}"')[0][0] for name in names}
    bobs = "SELECT * FROM users WHERE name = 'bob'", "SELECT * FROM refresh_tokens WHERE user_id = 2"
    return counts, [rows(database, sql) for sql in bobs]


async def test_sql_as_an_ordinary_user_changes_and_shows_nothing_but_its_own(
    client: httpx.AsyncClient, database: str, ana: Person, bob: Person, root: Person
) -> None:
    await settled(client, root)
    before, bobs = stored(database)

    by_operation = await asked(client)
    several = await asyncio.gather(*(answered(client, ana, requests) for requests in by_operation.values()))
    answers = [one for some in several for one in some]
    await settled(client, root)

    created = sum(one.operation == "POST /users" and answer.status_code == 201 for one, answer in answers)
    expected = {**before, "users": before["users"] + created, "notifications": before["notifications"] + created}
    assert bob.id == 2 and len(by_operation) >= 13 and len(answers) > 1_000 and created > 100
    assert [(one, answer.text) for one, answer in answers if answer.status_code >= 500] == []
    assert [(one, answer.text) for one, answer in answers if any(word in answer.text for word in BOB)] == []
    assert stored(database) == (expected, bobs)
    assert rows(database, "SELECT name FROM users WHERE role = 'admin'") == [("root",)]


async def test_sql_in_a_name_is_stored_as_it_is(client: httpx.AsyncClient, ana: Person) -> None:
    requests = [one for one in (await asked(client))["PATCH /users/{id}"] if one.place == "body name"]

    answers = await answered(client, ana, requests)

    assert len(answers) == len(PAYLOADS)
    assert [one.text for one, answer in answers if answer.json().get("name") != one.text] == []


async def test_sql_in_an_administrators_parameters_finds_no_error(client: httpx.AsyncClient, root: Person) -> None:
    reading = [one for name, several in (await asked(client)).items() if name.startswith("GET") for one in several]

    answers = await answered(client, root, reading)

    assert len(answers) >= 6 * len(PAYLOADS)
    assert {(one.place.split()[0], answer.status_code) for one, answer in answers} == {
        ("path", 404),
        ("query", 422),
    } | (
        {("query", 200)}  # the cursor of the list of jobs is a text
    )
