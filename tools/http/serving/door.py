"""Who may hold how many connections of this process."""

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from tools.http.serving.settings import ServingSettings


class Door:
    """Counts connections, all and those of each address; IPv6 is counted by its first 64 bits, which one host has."""

    def __init__(self, settings: ServingSettings) -> None:
        self._max_all, self._max_each = settings.http_max_connections, settings.http_max_connections_per_ip
        self._exempt = settings.proxy_networks
        self._held: Counter[str] = Counter()
        self.refused = 0

    def admits(self, open_connections: int, host: str) -> bool:
        """Whether one more may come; `host` is its address, empty for a local socket."""
        held = self._held[_key(host)]
        if open_connections >= self._max_all or (held >= self._max_each and not self._is_exempt(host)):
            self.refused += 1
            return False
        self._held[_key(host)] = held + 1
        return True

    def leave(self, host: str) -> None:
        """Count one less."""
        self._held[_key(host)] -= 1

    def recount(self, hosts: Iterable[str]) -> None:
        """Count anew who is here: a WebSocket leaves without telling."""
        self._held = Counter(map(_key, hosts))

    def _is_exempt(self, host: str) -> bool:
        if not host:
            return True
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        return address.is_loopback or any(address in network for network in self._exempt)


def _key(host: str) -> str:
    if ":" not in host:
        return host
    address = IPv6Address(host.partition("%")[0])
    return str(address.ipv4_mapped or int(address) >> 64)
