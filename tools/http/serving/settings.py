"""What the server's side reads from the environment; the http tool's own settings have these fields too."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from msgspec import Meta, Struct

DAY_S = 86_400


class ServingSettings(Struct, frozen=True, kw_only=True, rename="upper"):
    """Limits of one connection, and of all of them, kept by `GuardedProtocol`; other servers have their own."""

    http_head_timeout_s: Annotated[
        float, Meta(description="time for a request's head to arrive, the first from the connection on", gt=0, le=DAY_S)
    ] = 10.0
    http_body_timeout_s: Annotated[float, Meta(description="time for a request body to arrive", gt=0, le=DAY_S)] = 30.0
    http_min_body_bytes_per_s: Annotated[
        int, Meta(description="a streamed body may take longer than HTTP_BODY_TIMEOUT_S if it comes as fast", ge=1)
    ] = 500
    http_write_stall_s: Annotated[
        float, Meta(description="time for which a client may take nothing of an answer", gt=0, le=DAY_S)
    ] = 30.0
    http_max_headers_bytes: Annotated[int, Meta(description="all request headers together", ge=1_024)] = 32_768
    http_max_url_bytes: Annotated[int, Meta(description="path and query of a request", ge=256)] = 8_192
    http_max_connections: Annotated[
        int, Meta(description="open connections of one process; more are closed at once", ge=1)
    ] = 1_000
    http_max_connections_per_ip: Annotated[
        int, Meta(description="of these, from one address; not for loopback and HTTP_TRUSTED_PROXIES", ge=1)
    ] = 50
    http_trusted_proxies: Annotated[
        str,
        Meta(
            description="addresses and networks, by comma, whose X-Forwarded-For, -Proto, -Host, -Prefix are believed, "
            "or Forwarded"
        ),
    ] = ""

    @property
    def proxy_networks(self) -> Sequence[IPv4Network | IPv6Network]:
        """What HTTP_TRUSTED_PROXIES names.

        Raises:
            ValueError: a part is no address and no network.
        """
        parts = filter(None, (part.strip() for part in self.http_trusted_proxies.split(",")))
        return [ip_network(part, strict=False) for part in parts]
