"""Directories of files: what is served, what never is, and how a client asks again."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from hookspecs import Refusal
from kernel.call import THREADS
from tests.contracts.http_served import Served, hook
from tools.http.contract import RouteError

pytestmark = pytest.mark.capability("static")
SECRET = b"top secret"
Share = Callable[..., None]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a directory with what may be served, and beside it what may not."""
    root = tmp_path / "site"
    for name in ("sub", ".git", ".well-known", "empty"):
        (root / name).mkdir(parents=True)
    (tmp_path / "site-private").mkdir()
    (root / "index.html").write_text("<h1>home</h1>")
    (root / "sub" / "index.html").write_text("<h1>sub</h1>")
    (root / "style.css").write_text("a { color: red }")
    (root / "with space.txt").write_text("spaced")
    (root / ".well-known" / "security.txt").write_text("Contact: mailto:x@example.com")
    for name in (".env", ".git/config", ".hidden.css", "run.py", "no_suffix", "key.pem"):
        (root / name).write_bytes(SECRET)
    for name in ("secret.txt", "site-private/secret.txt"):
        (tmp_path / name).write_bytes(SECRET)
    (root / "out.txt").symlink_to(tmp_path / "secret.txt")
    (root / "out").symlink_to(tmp_path / "site-private")
    (root / "in.css").symlink_to(root / ".env")
    (root / "loop.css").symlink_to(root / "loop.css")
    (root / "near.css").symlink_to(root / "style.css")
    return root


@pytest.fixture
def share(http: Served, site: Path) -> Share:
    def add(path: str = "/assets", **options: Any) -> None:
        with hook():
            http.http.add_static(path, site, **{"public": "guard" not in options, **options})

    return add


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("style.css", "text/css; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("with%20space.txt", "text/plain; charset=utf-8"),
        (".well-known/security.txt", "text/plain; charset=utf-8"),
        ("near.css", "text/css; charset=utf-8"),
    ],
)
async def test_a_file_is_served_as_what_its_name_says(http: Served, share: Share, name: str, media_type: str) -> None:
    share()

    answer, head = await http.get(f"/assets/{name}"), await http.client.head(f"/assets/{name}")

    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.content))


async def test_media_types_do_not_depend_on_the_machine(http: Served, share: Share, site: Path) -> None:
    share()
    expected = {"a.woff2": "font/woff2", "a.webp": "image/webp", "a.avif": "image/avif", "a.wasm": "application/wasm"}
    expected |= {"a.mjs": "text/javascript; charset=utf-8", "a.webmanifest": "application/manifest+json"}
    for name in expected:
        (site / name).write_bytes(b"x")

    assert {name: (await http.get(f"/assets/{name}")).headers["content-type"] for name in expected} == expected


HIDDEN = [".env", ".git/config", ".hidden.css", "sub/.well-known/x.txt", "run.py", "no_suffix", "key.pem"]
LINKS = ["out.txt", "out/secret.txt", "in.css", "loop.css"]
NO_FILES = [
    "",
    "sub",
    "sub/",
    "empty/",
    "style.css/",
    "style.css/x.css",
    "missing.css",
    "a" * 300 + ".css",
    "//style.css",
]


@pytest.mark.parametrize("name", [*HIDDEN, *LINKS, *NO_FILES])
async def test_nothing_else_is_there(http: Served, share: Share, name: str) -> None:
    share()

    answer = await http.get(f"/assets/{name}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.content


TRAVERSALS = [
    "../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "..%5csecret.txt",
    "%2e%2e%5csecret.txt",
    "..%252fsecret.txt",
    "%252e%252e%252fsecret.txt",
    "....//secret.txt",
    "..;/secret.txt",
    "sub/../../secret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "%uff0e%uff0e/secret.txt",
    "..%00/secret.txt",
    "../site-private/secret.txt",
    "%2fetc%2fpasswd.txt",
    "style.css%00.txt",
    "secret.txt%00.css",
    "..%ef%bc%8fsecret.txt",
    ".%2e/secret.txt",
]


@pytest.mark.parametrize("path", TRAVERSALS)
async def test_no_spelling_leads_out_of_the_directory(http: Served, share: Share, path: str) -> None:
    share(html=True)

    for spelling in {path, unquote(path)}:  # as it is, and as a server decodes it
        status, _, body = await http.raw(path=f"/assets/{spelling}")

        assert status == 404
        assert SECRET not in body


async def test_the_sibling_of_the_directory_is_not_part_of_it(http: Served, share: Share) -> None:
    share()

    assert (await http.get("/assets-private/secret.txt")).status_code == 404


async def test_other_names_are_served_if_they_are_allowed_and_then_only_those(http: Served, share: Share) -> None:
    share(allow=[".PY", "pem", ""])

    statuses = [(await http.get(f"/assets/{name}")).status_code for name in ("run.py", "key.pem", "style.css", ".env")]

    assert statuses == [200, 200, 404, 404]


async def test_a_client_asks_again_by_etag_or_date(http: Served, share: Share) -> None:
    share(max_age_s=60)
    first = await http.get("/assets/style.css")
    etag, modified = first.headers["etag"], first.headers["last-modified"]

    for asked in ({"If-None-Match": etag}, {"If-None-Match": f'"x", W/{etag}'}, {"If-Modified-Since": modified}):
        again = await http.get("/assets/style.css", headers=asked)

        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["cache-control"] == "max-age=60"
    assert (await http.get("/assets/style.css", headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize(("max_age_s", "expected"), [(0, "no-cache"), (3600, "max-age=3600")])
async def test_a_client_may_keep_a_file_for_as_long_as_it_is_told(
    http: Served, share: Share, max_age_s: int, expected: str
) -> None:
    share(max_age_s=max_age_s)

    assert (await http.get("/assets/style.css")).headers["cache-control"] == expected


async def test_a_guarded_directory_is_private(http: Served, share: Share) -> None:
    async def guard(context: Any) -> None:
        if context.query.get("token") != "good":
            raise Refusal(401, "no token")

    share(guard=guard, max_age_s=60)

    assert (await http.get("/assets/style.css")).status_code == 401
    answer = await http.get("/assets/style.css?token=good")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, max-age=60")


async def test_a_page_may_load_what_lies_beside_it_and_nothing_else(http: Served, share: Share) -> None:
    share()

    policies = (await http.get("/assets/index.html")).headers.get_list("content-security-policy")

    assert len(policies) == 1
    assert policies[0].startswith("default-src 'self'; object-src 'none'")


async def test_with_html_a_directory_is_its_index(http: Served, share: Share) -> None:
    share(html=True, allow=[".css"])

    assert (await http.get("/assets/")).text == "<h1>home</h1>"
    assert (await http.get("/assets/sub/")).text == "<h1>sub</h1>"
    assert (await http.get("/assets/empty/")).status_code == 404


@pytest.mark.parametrize("path", ["/assets", "/assets/sub"])
async def test_with_html_a_directory_is_sent_on_to_its_slash_on_the_same_host(
    http: Served, share: Share, path: str
) -> None:
    share(html=True)

    answer = await http.get(f"{path}?a=1")

    assert (answer.status_code, answer.headers["location"]) == (308, f"{path}/?a=1")


async def test_a_file_that_may_not_be_read_is_not_there(
    http: Served, share: Share, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share()
    monkeypatch.setattr(os, "access", lambda path, mode: "style" not in str(path))  # root may read everything

    assert (await http.get("/assets/style.css")).status_code == 404
    assert (await http.get("/assets/index.html")).status_code == 200


async def test_blocking_handlers_do_not_keep_files_from_being_served(http: Served, share: Share) -> None:
    share()
    go_on = threading.Event()
    http.add("/block", "GET", lambda: go_on.wait(10))
    blocked = [asyncio.create_task(http.get("/block")) for _ in range(100)]
    await asyncio.wait(blocked, return_when=asyncio.FIRST_COMPLETED)

    async with asyncio.timeout(1):
        answer = await http.get("/assets/style.css")

    go_on.set()
    await asyncio.wait(blocked)
    assert answer.status_code == 200
    assert sum(one.result().status_code == 503 for one in blocked) == 100 - THREADS


async def test_a_directory_has_to_be_there(http: Served, share: Share, site: Path) -> None:
    share("/good")

    advice = "is not there: create it, or correct its path"
    for wrong in (site / "missing", site / "style.css"):
        with pytest.raises(RouteError, match=f"static directory '{wrong}' {advice}"), hook():
            http.http.add_static("/assets", wrong, public=True)
    with pytest.raises(RouteError, match="max_age_s is -1: use 0 or more"):
        share("/old", max_age_s=-1)
