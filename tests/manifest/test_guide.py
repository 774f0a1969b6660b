"""The example in AI_CONTEXT.md, as an author would copy it."""

from pathlib import Path

from manifest.guide import EXAMPLE
from tests.manifest.made_up import project, python

USE_IT = """
import asyncio, asgi
from hookspecs import hookimpl

async def use():
    async with asgi.running() as client:
        print((await client.post("/notes", json={"title": "x"})).status_code)
        token = (await client.get("/token")).json()
        signed = {"headers": {"authorization": f"Bearer {token}"}}
        for title in ("x", "x", ""):
            answer = await client.post("/notes", json={"title": title}, **signed)
            print(answer.status_code, answer.json().get("detail", answer.json()))
        print((await client.get("/heard")).json())
asyncio.run(use())
"""
NEIGHBOUR = '''
from hookspecs import hookimpl

class Neighbour:
    """GET /token: sign in; GET /heard: what was published."""
    def __init__(self, http, event_bus, auth):
        self.http, self.bus, self.auth, self.heard = http, event_bus, auth, []
    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/token", "GET", self.token, public=True)
        self.http.add_endpoint("/heard", "GET", self.listen, public=True)
        self.bus.subscribe("note.added", self.hear)
    async def hear(self, payload: dict):
        self.heard.append(payload)
    async def token(self) -> str:
        return self.auth.issue("1")
    async def listen(self) -> list:
        return self.heard
'''


def test_the_example_works_as_it_stands(tmp_path: Path) -> None:
    files = {"domains/notes/plugins/add_note.py": EXAMPLE, "domains/notes/plugins/neighbour.py": NEIGHBOUR}
    root = project(tmp_path, {**files, "use_it.py": USE_IT}, boots=True)

    done = python(root, "use_it.py")

    assert done.stderr == ""
    refused, added, taken, invalid, heard = done.stdout.splitlines()
    assert refused == "401"
    assert added == "201 {'id': 1, 'title': 'x'}"
    assert taken == "409 this title is taken"
    assert invalid.startswith("422 ")
    assert heard == "[{'id': 1, 'title': 'x'}]"


def test_the_manifest_tells_what_the_example_does(tmp_path: Path) -> None:
    root = project(tmp_path, {"domains/notes/plugins/add_note.py": EXAMPLE}, boots=True)

    done = python(root, "-m", "manifest", "show")

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(
        "## notes\n\n- notes: id integer PK, title text UNIQUE\n- add_note: POST /notes bearer; out note.added\n"
    )


def test_the_example_is_at_most_30_lines() -> None:
    assert len(EXAMPLE.strip().splitlines()) <= 30
