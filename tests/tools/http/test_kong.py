"""The configuration for Kong: by its schema, and by what its rules of matching make of it; no Kong runs here."""

import argparse
import json
import re
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import product
from pathlib import Path as FilePath
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

import asgi
import manifest
from tests.contracts.http_served import hook, serve
from tools.http.gateway.command import kong_command
from tools.http.gateway.kong import Exposed, Gateway, configuration, regex
from tools.http.router import Path, Router

SCHEMA = json.loads((FilePath(__file__).parent / "kong_schema.json").read_text())
GATEWAY = Gateway(max_body_bytes=1_048_576)
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def exposed(text: str, method: str = "GET", owner: str = "", **declared: Any) -> Exposed:
    return Exposed(Path.parse(text), (method,), owner or f"{method} {text}".replace("/", "|"), **declared)


def mounted(text: str) -> Exposed:
    return Exposed(Path.parse(text + "/{rest:path}"), (), f"mount {text}".replace("/", "|"))


def configured(several: Sequence[Exposed], gateway: Gateway = GATEWAY) -> dict[str, Any]:
    document = configuration(several, gateway, "http://127.0.0.1:5000", "shop")
    jsonschema.validate(document, SCHEMA)
    (service,) = document["services"]
    return dict(service)


def routed(routes: Sequence[dict[str, Any]], method: str, path: str) -> list[str]:
    """Choose as Kong does: more matching attributes win, then the priority; answer with the route's tags."""

    def weight(route: dict[str, Any]) -> tuple[int, int]:
        return sum(name in route for name in ("methods", "paths")), route["regex_priority"]

    for route in sorted(routes, key=weight, reverse=True):
        patterns = ["^" + one.removeprefix("~").replace("?<", "?P<") for one in route["paths"]]
        is_method = method in route.get("methods", [method])
        if is_method and any(re.search(one, path) for one in patterns):
            return list(route["tags"])
    return []


def ours(several: Sequence[Exposed], method: str, path: str) -> list[str]:
    """Choose as our router does; a HEAD is a GET, and a mount comes last."""
    router: Router[Exposed] = Router()
    for one in several:
        for verb in one.methods:
            router.add(one.path, verb, one)
    methods, _ = router.find(path)
    if methods is not None:
        return [methods[method].owner] if method in methods else []
    below = [one for one in several if not one.methods and path.startswith(one.path.text.removesuffix("{rest:path}"))]
    return [max(below, key=lambda one: len(one.path.text)).owner] if below else []


INTERLACED = [
    exposed("/"),
    exposed("/users"),
    exposed("/users", "POST"),
    exposed("/users/{id}"),
    exposed("/users/{user_id}", "DELETE"),
    exposed("/users/me"),
    exposed("/users/{id}/roles"),
    exposed("/users/me/{part}"),
    exposed("/{domain}/me/roles"),
    exposed("/files/{name}"),
    exposed("/files/{rest:path}"),
    exposed("/files/a.b+c"),
    exposed("/files/{a}/deep/{rest:path}"),
    exposed("/{rest:path}", "PUT"),
    mounted("/admin"),
    mounted("/admin/deep"),
]
SEGMENTS = ("", "users", "me", "roles", "files", "a.b+c", "axb+c", "deep", "admin", "7", "a b", "caf\xe9")


def test_kong_chooses_what_our_router_chooses() -> None:
    routes = configured(INTERLACED)["routes"]
    paths = ["/" + "/".join(parts) for length in (1, 2, 3) for parts in product(SEGMENTS, repeat=length)]

    for method, path in product(VERBS, paths):
        if found := ours(INTERLACED, method, path):
            assert found[0] in routed(routes, method, path), (method, path)


def test_what_nothing_serves_kong_does_not_pass_on() -> None:
    routes = configured([exposed("/users/{id}")])["routes"]

    assert routed(routes, "GET", "/users/7") == ["GET |users|{id}"]
    assert [routed(routes, "GET", path) for path in ("/users", "/users/", "/users/7/x", "/x/users/7")] == [[]] * 4
    assert routed(routes, "POST", "/users/7") == []


async def test_every_route_of_the_app_is_found_by_kong_where_our_router_finds_it() -> None:
    with manifest.scratch() as settings:
        kernel = asgi.make_kernel(settings)
        await kernel.boot(consume=False)
        facts = [one for one in kernel.system.facts if one.kind == "endpoint"]
        await kernel.shutdown()
    several = [exposed(one.data["path"], one.data["method"], one.owner) for one in facts]
    routes = configured(several)["routes"]

    assert len(several) >= 13
    for one in several:
        for value in ("7", "me", "users"):
            path = re.sub(r"\{\w+(:\w+)?\}", value, one.path.text)
            found = ours(several, one.methods[0], path)
            assert found == [] or found[0] in routed(routes, one.methods[0], path), path


def test_a_path_is_one_route_with_its_methods_its_place_and_its_plugins_name() -> None:
    several = [exposed("/users/{id}", "DELETE", "users.delete"), exposed("/users/{id}", "GET", "users.get"),
               exposed("/users/me", "PATCH", "users.me")]  # fmt: skip

    assert configured(several)["routes"] == [
        {
            "name": "shop.users.me",
            "methods": ["OPTIONS", "PATCH"],
            "paths": ["~/users/me$"],
            "regex_priority": 2,
            "strip_path": False,
            "preserve_host": True,
            "tags": ["users.me"],
        },
        {
            "name": "shop.users.~id",
            "methods": ["DELETE", "GET", "HEAD", "OPTIONS"],
            "paths": ["~/users/(?<id>[^/]+)$"],
            "regex_priority": 1,
            "strip_path": False,
            "preserve_host": True,
            "tags": ["users.delete", "users.get"],
        },
    ]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("/", "~/$"),
        ("/a.b+c", r"~/a\.b\+c$"),
        ("/files/{rest:path}", "~/files/(?<rest>.*)$"),
        ("/x/{" + "n" * 33 + "}", "~/x/([^/]+)$"),
    ],
)
def test_a_path_is_a_pattern_of_the_whole_path(text: str, pattern: str) -> None:
    assert regex(Path.parse(text)) == pattern


def test_names_are_unique_though_paths_read_alike() -> None:
    several = [exposed("/a/b"), exposed("/a.b"), exposed("/a/{b}"), exposed("/a/~b"), exposed("/x@y"), exposed("/x!y")]

    names = [one["name"] for one in configured(several)["routes"]]

    assert len({*names}) == len(several)


def test_what_one_method_declares_does_not_bind_another() -> None:
    several = [
        exposed("/posts", "GET"),
        exposed("/posts", "POST", rate_limit="20/minute", is_guarded=True, max_body_bytes=5_000),
        exposed("/login", "POST", rate_limit="5/second"),
    ]

    login, reading, posting = configured(several)["routes"]

    assert login["plugins"][0]["config"] == {"second": 5, "policy": "local", "limit_by": "ip"}
    assert (reading["methods"], "plugins" in reading) == (["GET", "HEAD", "OPTIONS"], False)
    assert posting["methods"] == ["OPTIONS", "POST"]
    by_name = {one["name"]: one["config"] for one in posting["plugins"]}
    caller = {"limit_by": "header", "header_name": "authorization"}
    assert by_name["rate-limiting"] == {"minute": 20, "policy": "local", **caller}
    assert by_name["request-size-limiting"] == {"allowed_payload_size": 5_000, "size_unit": "bytes"}


def test_what_holds_for_all_is_at_the_service() -> None:
    service = configured([exposed("/")], Gateway(1_000, ["https://app.example"], cors_credentials=True))

    assert (service["url"], service["tags"]) == ("http://127.0.0.1:5000", ["shop"])
    assert {one["name"]: one["config"] for one in service["plugins"]} == {
        "correlation-id": {"header_name": "x-request-id", "generator": "uuid", "echo_downstream": True},
        "request-size-limiting": {"allowed_payload_size": 1_000, "size_unit": "bytes"},
        "cors": {"origins": ["https://app.example"], "credentials": True},
    }


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    command, parser = kong_command(lambda: INTERLACED, GATEWAY), ArgumentParser(exit_on_error=False)
    command.arguments(parser)
    assert command.run(parser.parse_args(arguments)) == 0
    return capsys.readouterr().out


async def test_a_mount_with_a_limit_of_its_own_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    served = await serve("tools.http", {})
    with hook():
        served.http.mount("/more", app, max_body_bytes=2_000)
        served.http.mount("/same", app)
    commands = {one.name: one for one in await served.work.register_commands()}
    (kong := commands["kong"]).arguments(parser := ArgumentParser())

    assert kong.run(parser.parse_args(["--format", "json"])) == 0

    (service,) = json.loads(capsys.readouterr().out)["services"]
    limits = {route["paths"][0]: [one["config"] for one in route.get("plugins", ())] for route in service["routes"]}
    assert limits["~/more/(?<rest>.*)$"] == [{"allowed_payload_size": 2_000, "size_unit": "bytes"}]
    assert limits["~/same/(?<rest>.*)$"] == []
    await served.client.aclose()


def test_yaml_and_json_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    as_yaml, as_json = printed(capsys), printed(capsys, "--format", "json")

    assert as_yaml.startswith('_format_version: "3.0"\nservices:\n  - name: "microcoreos"\n')
    assert yaml.safe_load(as_yaml) == json.loads(as_json)
    jsonschema.validate(json.loads(as_json), SCHEMA)


def test_the_routes_alone_have_no_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "--routes-only", "--upstream", "https://api.internal:8443", "--service", "shop")

    assert "plugins" not in text
    assert 'url: "https://api.internal:8443"' in text
    jsonschema.validate(yaml.safe_load(text), SCHEMA)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--upstream", "127.0.0.1:5000", "'127.0.0.1:5000' is no URL of a server: write http://127.0.0.1:5000"),
        ("--upstream", "http://", "'http://' is no URL of a server: write http://127.0.0.1:5000"),
        ("--service", "my shop", "'my shop' is no name: use letters, digits and `.`, `-`, `_`, `~`"),
    ],
)
def test_what_kong_would_not_take_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    with pytest.raises(argparse.ArgumentError, match=re.escape(message)):
        printed(capsys, option, value)


@pytest.mark.parametrize(
    "broken",
    [
        {"regex_priority": "1"}, {"strip_path": None}, {"methods": ["get"]}, {"paths": ["users"]}, {"hosts": ["a"]},
        {"name": "a b"}, {"plugins": [{"name": "rate-limiting", "config": {"policy": "local", "limit_by": "ip"}}]},
        {"plugins": [{"name": "request-size-limiting", "config": {"allowed_payload_size": 1.5, "size_unit": "bytes"}}]},
    ],
    ids=str,
)  # fmt: skip
def test_the_schema_refuses_what_kong_would(broken: dict[str, Any]) -> None:
    document = configuration([exposed("/")], GATEWAY, "http://127.0.0.1:5000", "shop")
    document["services"][0]["routes"][0].update(broken)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)
