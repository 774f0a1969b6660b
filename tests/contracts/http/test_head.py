"""What every request must keep to before anything else looks at it."""

import re

import pytest
from msgspec import ValidationError, json

from hookspecs import trace
from tests.contracts.http.models import show_id
from tests.contracts.http_served import Boot, Served
from tools.http.contract import Context


async def test_a_request_id_goes_in_and_out_and_is_the_trace(http: Served) -> None:
    async def show(context: Context) -> list[str]:
        return [context.request_id, trace.get().request_id, trace.get().trace_id]

    http.add("/show", "GET", show)

    answer = await http.get("/show", headers={"x-request-id": "client-1"})

    assert answer.json() == ["client-1"] * 3
    assert answer.headers["x-request-id"] == "client-1"


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "a\tb", "<script>", "caf\xe9"])
async def test_a_request_id_that_is_none_is_replaced(http: Served, given: str) -> None:
    answer = await http.get("/x", headers=[(b"x-request-id", given.encode("latin-1"))])

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_two_requests_have_two_ids(http: Served) -> None:
    ids = {(await http.get("/x")).headers["x-request-id"] for _ in range(20)}

    assert len(ids) == 20


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:80", "[::1]:5000", "testserver"])
async def test_a_local_host_is_known(http: Served, host: str) -> None:
    http.add("/x", "GET", lambda: "x")

    assert (await http.get("/x", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "a@localhost", "localhost/x?y", "localhost:x", "", " ", "localhost#"],
)
@pytest.mark.parametrize("hosts", ["", "*"], ids=["local", "all"])
async def test_a_host_that_is_not_ours_or_is_none_is_refused(boot: Boot, host: str, hosts: str) -> None:
    http = await boot(HTTP_HOSTS=hosts)
    http.add("/x", "GET", lambda: "x")

    answer = await http.get("/x", headers={"host": host})

    assert answer.status_code == (200 if hosts and host.endswith(".example") else 400)


async def test_a_request_has_one_host(http: Served) -> None:
    http.add("/x", "GET", lambda: "x")

    two = await http.raw("GET", "/x", headers=[(b"host", b"localhost")])
    none = await http.raw("GET", "/x", headers=[], type="http")
    http_10 = await http.client.get("/x", headers={"host": "localhost"})

    assert (two[0], none[0], http_10.status_code) == (400, 200, 200)


@pytest.mark.parametrize("env", ["production", "Production", "staging", "dev", ""])
async def test_whatever_is_not_development_names_its_hosts(boot: Boot, env: str) -> None:
    with pytest.raises(ValueError) as caught:
        await boot(ENV=env)

    assert str(caught.value) == (
        "HTTP_HOSTS is not set: unless ENV is development, set it to the host names that are answered"
    )


@pytest.mark.parametrize("env", ["production", "development"])
@pytest.mark.parametrize("hosts", [",", " ", " , ,"])
async def test_hosts_that_name_none_are_refused(boot: Boot, hosts: str, env: str) -> None:
    with pytest.raises(ValueError) as caught:
        await boot(ENV=env, HTTP_HOSTS=hosts)

    advice = "write the host names that are answered, by comma, or `*` for all"
    assert str(caught.value) == f"HTTP_HOSTS is {hosts!r}, which names no host: {advice}"


@pytest.mark.parametrize("name", ["HTTP_BODY_TIMEOUT_S", "HTTP_HANDLER_TIMEOUT_S"])
@pytest.mark.parametrize("value", ["inf", "1e12", "86400.1"])
async def test_a_time_of_more_than_a_day_is_refused(boot: Boot, name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=f"Expected `float` <= 86400.0 - at `\\$.{name}`"):
        await boot(**{name: value})


async def test_production_answers_for_the_hosts_that_it_names(boot: Boot) -> None:

    http = await boot(ENV="production", HTTP_HOSTS="api.example, www.example,")
    http.add("/x", "GET", lambda: "x")

    assert (await http.get("http://www.example/x")).status_code == 200
    assert (await http.get("/x")).status_code == 400


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/" + "x" * 8_192, [], 414),
        ("/?" + "x" * 8_192, [], 414),
        ("/x", [(b"x-big", b"x" * 32_768)], 431),
        ("/x", [(b"x-%d" % index, b"x") for index in range(100)], 431),
        ("/x", [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")], 400),
        ("/x", [(b"content-length", b"1"), (b"content-length", b"2")], 400),
        ("/x", [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")], 400),
    ],
)
async def test_a_head_that_is_too_large_or_ambiguous_is_refused(
    http: Served, path: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    answer = await http.raw("GET", path, headers=headers)

    assert answer[0] == status
    assert json.decode(answer[2])["status"] == status


async def test_a_header_with_an_underscore_is_nobodys(http: Served) -> None:
    async def show(context: Context) -> list[str]:
        return sorted(context.headers)

    http.add("/show", "GET", show)

    _, _, body = await http.raw("GET", "/show", headers=[(b"x_forwarded_for", b"6.6.6.6"), (b"x-a", b"b")])

    assert json.decode(body) == ["host", "x-a"]


@pytest.mark.parametrize(
    "path", ["//users/1", "/users/1/", "/users/", "/Users/1", "/users//1", "/users/1%00", "/users/1/..", "/users/a%2fb"]
)
async def test_a_path_has_one_spelling(http: Served, path: str) -> None:
    http.add("/users/{id}", "GET", show_id)

    answer = await http.client.get(f"http://localhost{path}")

    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_a_root_path_is_not_part_of_the_route(http: Served) -> None:
    http.add("/x", "GET", lambda: "x")

    inside = await http.raw("GET", "/api/x", root_path="/api")
    beside = await http.raw("GET", "/apix", root_path="/api")

    assert (inside[0], beside[0]) == (200, 404)
