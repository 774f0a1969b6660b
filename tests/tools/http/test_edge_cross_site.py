"""What another site's page makes a browser send with the user's cookies."""

from typing import Any

import pytest

from tools.http.edge.cross_site import CrossSiteCheck

APP = "https://app.example"
CHECK = CrossSiteCheck([APP, "*"])


def refused(method: str = "POST", **headers: str) -> bool:
    named = {b"host": b"shop.example", b"cookie": b"session=1"}
    named |= {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    problem = CHECK.check({"type": "http", "method": method}, named)
    assert problem is None or problem.status == 403
    return problem is not None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "post", "X"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "SAME-ORIGIN", "made-up"])
def test_a_page_of_another_origin_may_not_write(method: str, site: str) -> None:
    assert refused(method, sec_fetch_site=site)
    assert refused(method, sec_fetch_site=site, origin="https://evil.example")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_for_all(method: str) -> None:
    assert not refused(method, sec_fetch_site="cross-site", origin="https://evil.example")


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_page_and_the_user_may_write(site: str) -> None:
    assert not refused(sec_fetch_site=site)
    assert not refused(sec_fetch_site=site, origin="https://shop.example")


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "shop.example",
        "",
    ],
)
def test_an_older_browser_is_known_by_its_origin(origin: str) -> None:
    assert refused(origin=origin)


@pytest.mark.parametrize("origin", ["https://shop.example", "http://shop.example", "https://SHOP.example"])
def test_an_older_browser_on_our_own_page_may_write(origin: str) -> None:
    assert not refused(origin=origin)


def test_a_port_is_part_of_the_host() -> None:
    assert refused(origin="https://shop.example:8443")
    assert not refused(origin="https://shop.example:8443", host="shop.example:8443")


def test_a_named_origin_may_write() -> None:
    assert not refused(sec_fetch_site="cross-site", origin=APP)
    assert not refused(origin=APP)
    assert refused(sec_fetch_site="cross-site", origin="*")


def test_what_is_no_browser_may_write() -> None:
    assert not refused()


def test_a_token_is_no_cookie_but_what_a_browser_adds_by_itself_is_like_one() -> None:
    assert not refused(sec_fetch_site="cross-site", authorization="Bearer x")
    for scheme in ("Basic eDp5", "basic eDp5", "Negotiate x", "NTLM x", "Digest x", ""):
        assert refused(sec_fetch_site="cross-site", authorization=scheme)


def test_without_a_cookie_there_is_nothing_to_steal() -> None:
    named: dict[bytes, Any] = {b"host": b"shop.example", b"sec-fetch-site": b"cross-site"}

    assert CHECK.check({"type": "http", "method": "POST"}, named) is None
