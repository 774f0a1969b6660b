"""How many connections one address may hold."""

import pytest

from tools.http.serving.door import Door
from tools.http.serving.settings import ServingSettings


def door(proxies: str = "", each: int = 2, total: int = 100) -> Door:
    return Door(
        ServingSettings(http_max_connections=total, http_max_connections_per_ip=each, http_trusted_proxies=proxies)
    )


def admitted(one: Door, host: str, tries: int = 10) -> int:
    return sum([one.admits(0, host) for _ in range(tries)])


def test_an_address_holds_so_many_and_another_as_many() -> None:
    one = door()

    assert (admitted(one, "203.0.113.1"), admitted(one, "203.0.113.2")) == (2, 2)
    assert one.refused == 16


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1", "", "10.1.2.3", "fd00::7"])
def test_loopback_local_sockets_and_trusted_proxies_may_hold_more(host: str) -> None:
    assert admitted(door("10.0.0.0/8, fd00::7"), host) == 10


def test_one_network_of_ipv6_is_one_client_and_a_mapped_address_is_itself() -> None:
    one = door()

    assert admitted(one, "2001:db8::1") + admitted(one, "2001:db8::ffff:2") == 2
    assert admitted(one, "203.0.113.1") + admitted(one, "::ffff:203.0.113.1") == 2


def test_who_leaves_makes_room() -> None:
    one = door()
    assert admitted(one, "203.0.113.1") == 2

    one.leave("203.0.113.1")
    after_one = admitted(one, "203.0.113.1")
    one.recount([])

    assert (after_one, admitted(one, "203.0.113.1")) == (1, 2)


def test_the_cap_of_all_is_for_everyone() -> None:
    one = door(total=5)

    assert (one.admits(4, "127.0.0.1"), one.admits(5, "127.0.0.1")) == (True, False)


def test_a_proxy_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="'proxy.example' does not appear to be an IPv4 or IPv6 network"):
        door("proxy.example")
