"""The headers and cookies of answers."""

import re

import pytest

from tests.contracts.http_served import Served
from tools.http.contract import Context


async def test_a_header_that_the_handler_sets_is_sent_in_place_of_ours(http: Served) -> None:
    async def show(context: Context) -> str:
        context.set_header("X-One", "caf\xe9")
        context.set_header("x-one", "two")
        context.set_header("Content-Security-Policy", "default-src 'self'")
        return ""

    http.add("/show", "GET", show)

    answer = await http.get("/show")

    assert answer.headers.get_list("x-one") == ["caf\xe9", "two"]
    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x", "a\r\nset-cookie: b=c", "the value of 'x' has a control character: remove it"),
        ("x", "a\nb", "the value of 'x' has a control character: remove it"),
        ("x", "a\0b", "the value of 'x' has a control character: remove it"),
        ("x", "a\x7fb", "the value of 'x' has a control character: remove it"),
        ("x", "\u20ac", "the value of 'x' is not latin-1: percent-encode it"),
        ("x", "\ud800", "the value of 'x' is not latin-1: percent-encode it"),
        ("", "a", "'' is no header name: use letters, digits and hyphens"),
        ("a b", "c", "'a b' is no header name: use letters, digits and hyphens"),
        ("a\r\nb", "c", "'a\\r\\nb' is no header name: use letters, digits and hyphens"),
        ("\xe9", "c", "'\xe9' is no header name: use letters, digits and hyphens"),
        ("Content-Length", "3", "'Content-Length' is the server's own: leave it out"),
        ("transfer-encoding", "chunked", "'transfer-encoding' is the server's own: leave it out"),
    ],
)
async def test_a_header_that_would_split_the_answer_is_refused_by_the_setter(
    http: Served, name: str, value: str, message: str
) -> None:
    async def show(context: Context) -> str:
        with pytest.raises(ValueError, match=re.escape(f"context.set_header: {message}")):
            context.set_header(name, value)
        return "done"

    http.add("/show", "GET", show)

    assert (await http.get("/show")).json() == "done"


async def test_a_cookie_is_set_with_safe_attributes(http: Served) -> None:
    async def show(context: Context) -> None:
        context.set_cookie("a", "1")
        context.set_cookie("b", 'x y;"\r\n', max_age_s=0, path="/b")

    http.add("/show", "GET", show)

    first, second = (await http.get("/show")).headers.get_list("set-cookie")

    assert first == "a=1; HttpOnly; Path=/; SameSite=lax; Secure"
    assert second.endswith("; HttpOnly; Max-Age=0; Path=/b; SameSite=lax; Secure")
    assert not {"\r", "\n"} & set(second)


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("a b", "1", "/"),
        ("a=b", "1", "/"),
        ("", "1", "/"),
        ("a", "\u20ac", "/"),
        ("a", "1", "/;x"),
        ("a", "1", "/\r\n"),
    ],
)
async def test_a_cookie_that_cannot_be_is_refused_by_the_setter(http: Served, name: str, value: str, path: str) -> None:
    async def show(context: Context) -> str:
        with pytest.raises(ValueError, match=r"^context.set_"):
            context.set_cookie(name, value, path=path)
        return "done"

    http.add("/show", "GET", show)

    assert (await http.get("/show")).json() == "done"


async def test_every_answer_has_the_security_headers(http: Served) -> None:
    http.add("/show", "GET", lambda: "x")

    for url in ("/show", "/missing", "http://evil/show"):
        headers = (await http.get(url)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
        assert "strict-transport-security" not in headers


async def test_https_is_asked_for_again(http: Served) -> None:
    http.add("/show", "GET", lambda: "x")

    answer = await http.get("https://localhost/show")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"
