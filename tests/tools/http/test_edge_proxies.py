"""What peers say about a request, and who is believed."""

from typing import Any

import pytest

from tests.tools.http.edge_asked import Inner, asked
from tools.http.edge.layers import edge

PROXY, CHAIN = "10.0.0.7", "10.0.0.7, 10.1.0.0/16, ::1"
ALL = {
    "x-forwarded-for": "198.51.100.4",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "shop.example",
    "x-forwarded-prefix": "/shop",
}


async def reached(peer: str, headers: Any, trusted: str = CHAIN) -> dict[str, Any]:
    inner = Inner()
    async with asked(inner, peer, trusted_proxies=trusted) as client:
        await client.get("/items?q=1", headers=headers)
    return inner.scope


def host(scope: Any) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == b"host"]


def test_without_settings_nothing_is_wrapped() -> None:
    inner = Inner()

    assert edge(inner) is inner


async def test_a_trusted_proxy_says_who_asked_for_what() -> None:
    scope = await reached(PROXY, ALL)

    assert (scope["client"], scope["scheme"], host(scope)) == (("198.51.100.4", 0), "https", [b"shop.example"])
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == ("/shop", "/shop/items", b"/shop/items")


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.8", "203.0.113.9", "testclient", ""])
async def test_nobody_else_is_believed(peer: str) -> None:
    scope = await reached(peer, ALL)

    assert (scope["client"], scope["scheme"], host(scope)) == ((peer, 4_000), "http", [b"localhost"])
    assert (scope["root_path"], scope["path"]) == ("", "/items")


@pytest.mark.parametrize("name", ["x_forwarded_for", "x-real-ip", "client-ip", "x-forwarded_for"])
async def test_other_headers_and_spellings_say_nothing(name: str) -> None:
    scope = await reached(PROXY, {name: "6.6.6.6"})

    assert scope["client"] == (PROXY, 4_000)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("6.6.6.6, 198.51.100.4", "198.51.100.4"),
        ("6.6.6.6, 198.51.100.4, 10.1.2.3", "198.51.100.4"),
        ("6.6.6.6,198.51.100.4,  10.1.2.3 ,10.0.0.7", "198.51.100.4"),
        ("10.1.0.1, 10.1.0.2", "10.1.0.1"),
        ("198.51.100.4:51111", "198.51.100.4"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("6.6.6.6, ::ffff:10.1.0.5", "6.6.6.6"),
        ("6.6.6.6, unknown", PROXY),
        ("6.6.6.6, _hidden, 10.1.0.5", "10.1.0.5"),
        ("6.6.6.6, 1.2.3.4.5", PROXY),
        ("", PROXY),
        (",", PROXY),
        ("6.6.6.6\u00b2", PROXY),
    ],
)
async def test_the_client_is_the_right_most_address_that_is_no_proxy(forwarded: str, client: str) -> None:
    scope = await reached(PROXY, [(b"x-forwarded-for", forwarded.encode("latin-1"))])

    assert scope["client"][0] == client


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("for=198.51.100.4", "198.51.100.4"),
        ("for=6.6.6.6, For=198.51.100.4;by=10.1.2.3 ,\tfor=10.1.2.3", "198.51.100.4"),
        ('for="[2001:DB8::1]:443";proto=https', "2001:db8::1"),
        ('for="198.51.100.4:51111"', "198.51.100.4"),
        ('for="198.51.\\100.4"', "198.51.100.4"),
        ("for=6.6.6.6, for=unknown", PROXY),
        ("for=6.6.6.6, for=_hidden, for=10.1.0.5", "10.1.0.5"),
        ("for=6.6.6.6, proto=https", PROXY),
        ("for=6.6.6.6,", PROXY),
        ("for=6.6.6.6,,for=198.51.100.4", "198.51.100.4"),
        ('for="6.6.6.6, for=198.51.100.4', "198.51.100.4"),
        ('for="6.6.6.6, for="[2001:db8::1]"', "2001:db8::1"),
        ("nonsense, for=198.51.100.4, for=10.1.2.3", "198.51.100.4"),
        ("nonsense, for=10.1.0.1, for=10.1.0.2", "10.1.0.1"),
        ("for=6.6.6.6, for=198.51.100.4;", "198.51.100.4"),
        ("for=6.6.6.6, for=198.51.100.4;;proto=https", PROXY),
        ("6.6.6.6", PROXY),
        ("for=", PROXY),
        ("", PROXY),
    ],
)
async def test_the_standard_header_says_the_same(forwarded: str, client: str) -> None:
    scope = await reached(PROXY, [(b"forwarded", forwarded.encode())])

    assert scope["client"][0] == client


async def test_the_standard_header_of_the_last_proxy_tells_scheme_and_host() -> None:
    mine, its = 'for=6.6.6.6;host=evil.example;proto="http"', "for=198.51.100.4"
    full = await reached(PROXY, {"forwarded": f"{mine}, {its};host=shop.example;proto=HTTPS"})
    after = await reached(PROXY, {"forwarded": f'x="y;, {its};host=shop.example;proto=HTTPS'})
    less = await reached(PROXY, [("forwarded", mine), ("forwarded", its), ("x-forwarded-prefix", "/shop")])

    assert (full["client"][0], full["scheme"], host(full)) == ("198.51.100.4", "https", [b"shop.example"])
    assert (after["client"], after["scheme"], host(after)) == (full["client"], "https", [b"shop.example"])
    assert (less["client"][0], less["scheme"], host(less)) == ("198.51.100.4", "http", [b"localhost"])
    assert less["path"] == "/shop/items"


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"])
async def test_beside_the_headers_that_a_proxy_writes_the_standard_one_is_the_clients(name: str) -> None:
    theirs = {"x-forwarded-for": PROXY, "x-forwarded-proto": "http", "x-forwarded-host": "localhost"}
    scope = await reached(PROXY, {name: theirs[name], "forwarded": "for=6.6.6.6;proto=https;host=evil.example"})

    assert (scope["client"][0], scope["scheme"], host(scope)) == (PROXY, "http", [b"localhost"])


async def test_a_stranger_says_nothing_by_the_standard_header_either() -> None:
    scope = await reached("203.0.113.9", {"forwarded": "for=6.6.6.6;proto=https;host=evil.example"})

    assert (scope["client"][0], scope["scheme"], host(scope)) == ("203.0.113.9", "http", [b"localhost"])


async def test_a_doubled_header_is_one_list() -> None:
    scope = await reached(PROXY, [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.4")])

    assert scope["client"] == ("198.51.100.4", 0)


async def test_a_peer_of_a_socket_for_both_families_is_known() -> None:
    assert (await reached("::ffff:10.0.0.7", ALL))["client"] == ("198.51.100.4", 0)


@pytest.mark.parametrize("value", ["ftp", "", "https http", "http, ", "\u00e9"])
async def test_a_scheme_that_is_none_is_left_out(value: str) -> None:
    assert (await reached(PROXY, [(b"x-forwarded-proto", value.encode("latin-1"))]))["scheme"] == "http"


@pytest.mark.parametrize(
    "value", ["//evil.example", "shop", "/a/../b", "/a b", "/a%2fb", "/" + "a" * 300, "/", "", "/."]
)
async def test_a_prefix_that_is_no_plain_path_is_left_out(value: str) -> None:
    scope = await reached(PROXY, {"x-forwarded-prefix": value})

    assert (scope["root_path"], scope["path"]) == ("", "/items")


async def test_two_hosts_stay_two() -> None:
    scope = await reached(PROXY, [("host", "a"), ("host", "b"), ("x-forwarded-host", "shop.example")])

    assert host(scope) == [b"a", b"b"]


async def test_a_websocket_behind_tls_is_a_wss() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["scheme"])

    headers = [(b"x-forwarded-proto", b"https")]
    scope = {"type": "websocket", "scheme": "ws", "path": "/", "headers": headers, "client": (PROXY, 1)}
    await edge(app, trusted_proxies=PROXY)(scope, None, None)

    assert seen == ["wss"]


@pytest.mark.parametrize("text", ["*", "localhost", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.7 10.0.0.8", "unix"])
def test_a_setting_that_names_no_address_stops_the_boot(text: str) -> None:
    with pytest.raises(ValueError, match="^HTTP_TRUSTED_PROXIES names '.*', which is no address: .*: write addresses"):
        edge(Inner(), trusted_proxies=text)
