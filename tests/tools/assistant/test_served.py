"""`/mcp` of a real server, and the official SDK as its client."""

import json
from collections.abc import Iterator
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import TextContent

from tests.servers.project import Project, Served, served
from tests.tools.assistant.asking import HEADERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
ANA = {"name": "Ana", "email": "ana@example.com", "password": "correct horse"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(Project(tmp_path_factory.mktemp("served"))) as server:
        yield server


def url(server: Served, path: str = "/mcp") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


async def call(client: Client, tool: str, **arguments: Any) -> str:
    (content,) = (await client.call_tool(tool, arguments)).content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_every_tool_answers_over_http(mode: str, server: Served) -> None:
    async with httpx.AsyncClient() as person:
        made = await person.post(url(server, "/users"), json={**ANA, "email": f"{mode}@example.com"})

    async with Client(url(server), mode=mode) as client:
        listed = await client.list_tools()
        tried = await call(client, "try_call", method="POST", path="/users", body=ANA)
        traced = await call(client, "trace", trace_id=made.headers["x-request-id"])
        logs = await call(client, "logs", budget=400)
        looked = await call(client, "inspect", what="user.created")
        index = await call(client, "context", domain="notifications")
        checked = await call(client, "check")
        wrong = await call(client, "logs", level="loud")

    assert len(listed.tools) == 6
    assert tried.startswith("201 Created by users.create_user")
    assert "- user.created " in traced
    assert "notifications.send_welcome" in traced
    assert "booted" in logs
    assert "users.create_user publishes user.created" in looked
    assert "# notifications" in index
    assert checked
    assert "Invalid enum value 'loud'" in wrong


REFUSED = {
    "a page of another site": {"origin": "https://evil.example"},
    "a page of another port": {"origin": "http://127.0.0.1:1"},
    "a sandboxed page": {"origin": "null"},
    "a proxy": {"x-forwarded-for": "127.0.0.1"},
}


@pytest.mark.parametrize("who", REFUSED)
def test_who_is_not_on_this_machine_or_sent_by_a_page_is_refused(who: str, server: Served) -> None:
    answer = httpx.post(url(server), content=PING, headers={**HEADERS, **REFUSED[who]})

    assert answer.status_code == 403, answer.text


def test_a_page_of_the_application_itself_is_let_in(server: Served) -> None:
    answer = httpx.post(url(server), content=PING, headers={**HEADERS, "origin": f"http://127.0.0.1:{server.port}"})

    assert answer.status_code == 200, answer.text


def test_another_host_name_is_refused(server: Served) -> None:
    answer = httpx.post(url(server), content=PING, headers={**HEADERS, "host": "rebound.example"})

    assert answer.status_code == 400, answer.text


def test_another_host_name_is_refused_though_the_application_answers_all(tmp_path: Path) -> None:
    with served(Project(tmp_path), HTTP_HOSTS="*") as server:
        live = httpx.get(url(server, "/health/live"), headers={"host": "rebound.example"})
        answer = httpx.post(url(server), content=PING, headers={**HEADERS, "host": "rebound.example"})

    assert live.status_code == 200
    assert answer.status_code == 403, answer.text


def test_what_is_no_question_is_refused(server: Served) -> None:
    assert httpx.get(url(server), headers=HEADERS).status_code == 405
    assert httpx.delete(url(server), headers=HEADERS).status_code == 405
    assert httpx.post(url(server), content=PING, headers={"content-type": "text/plain"}).status_code in (400, 406, 415)


def test_in_production_nothing_is_there(tmp_path: Path) -> None:
    with served(Project(tmp_path), ENV="production", HTTP_HOSTS="127.0.0.1", AUTH_SECRET=token_urlsafe(48)) as server:
        live = httpx.get(url(server, "/health/live"))
        answers = [httpx.post(url(server, path), content=PING, headers=HEADERS) for path in ("/mcp", "/mcp/")]

    assert live.status_code == 200
    assert [one.status_code for one in answers] == [404, 404]
