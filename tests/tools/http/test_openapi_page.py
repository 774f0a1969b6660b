"""The page that shows the OpenAPI document, and who may see the two."""

import re
from collections.abc import AsyncIterator
from inspect import signature

import pytest_asyncio

from hookspecs import System
from kernel.call import Pool
from tests.contracts.http_served import Served, hook, serve


async def one_of_none() -> None:
    pass


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    yield served
    await served.client.aclose()


async def test_the_page_brings_its_own_files_and_allows_no_others(http: Served) -> None:
    page = await http.get("/docs")

    files = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    answers = [await http.get(file) for file in files]
    assert len(files) == 3
    assert [one.status_code for one in answers] == [200, 200, 200]
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert answers[0].headers["etag"]


async def test_no_other_file_is_served(http: Served) -> None:
    paths = ["/docs/missing.js", "/docs/..%2fbinder.py", "/docs/%2e%2e", "/docs/" + "x" * 300, "/docs/%00", "/docs/"]

    answers = [await http.client.get(f"http://localhost{path}") for path in paths]

    assert {one.status_code for one in answers} == {404}


async def test_a_file_that_the_browser_has_is_not_sent_again(http: Served) -> None:
    first = await http.get("/docs/start.js")

    second = await http.get("/docs/start.js", headers={"if-none-match": first.headers["etag"]})

    assert (second.status_code, second.content) == (304, b"")


async def test_the_documents_answer_head_and_refuse_post(http: Served) -> None:
    assert (await http.client.head("/docs")).status_code == 200
    assert (await http.post("/openapi.json")).headers["allow"] == "GET, HEAD, OPTIONS"


async def test_a_plugin_that_serves_the_page_itself_takes_its_place() -> None:
    (tool,) = __import__("tools.http").http.register_tools()
    work = tool.factory({})
    about = {"system": System(Pool().run, []), "run": Pool().run}
    await work.on_boot(**{name: about[name] for name in signature(work.on_boot).parameters})
    with hook():
        work.add_endpoint("/docs", "GET", one_of_none, public=True)
    with hook("http", kind="tool"):
        http = Served(work, await work.asgi_app())

    assert (await http.get("/docs")).status_code == 204
    assert (await http.get("/openapi.json")).status_code == 200
    await http.client.aclose()


async def test_documents_are_closed_in_production_unless_they_are_switched_on() -> None:
    production = {"ENV": "production", "HTTP_HOSTS": "localhost"}
    staging = {**production, "ENV": "staging"}

    for settings, status in [
        (production, 404),
        (staging, 404),
        ({**production, "HTTP_DOCS": "on"}, 200),
        ({"HTTP_DOCS": "off"}, 404),
    ]:
        http = await serve("tools.http", settings)
        assert (await http.get("/docs")).status_code == status
        assert (await http.get("/openapi.json")).status_code == status
        await http.client.aclose()
