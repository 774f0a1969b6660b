"""What the http tool reads from the environment."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

LOCAL_HOSTS = "localhost,127.0.0.1,[::1],test,testserver"


class HttpSettings(Struct, frozen=True, kw_only=True, rename="upper"):
    """Limits and doors of the http tool; each limit can be changed for one route in `add_endpoint`."""

    env: Annotated[str, Meta(description="`production` closes what is open in development")] = "development"
    http_hosts: Annotated[
        str, Meta(description="host names that are answered, by comma; must be set in production; `*` is all of them")
    ] = ""
    http_docs: Annotated[
        Literal["auto", "on", "off"], Meta(description="/docs and /openapi.json; auto: not in production")
    ] = "auto"
    http_unguarded: Annotated[
        Literal["refuse", "allow"],
        Meta(description="a route with neither guard nor public=True: stops the boot in production, or is allowed"),
    ] = "refuse"
    http_max_body_bytes: Annotated[int, Meta(description="largest request body", ge=0)] = 1_048_576
    http_max_headers_bytes: Annotated[int, Meta(description="all request headers together", ge=1_024)] = 32_768
    http_max_url_bytes: Annotated[int, Meta(description="path and query of a request", ge=256)] = 8_192
    http_body_timeout_s: Annotated[float, Meta(description="time for a request body to arrive", gt=0)] = 30.0
    http_handler_timeout_s: Annotated[float, Meta(description="time for a handler to answer", gt=0)] = 30.0

    @property
    def is_production(self) -> bool:
        """Whether the strict defaults hold."""
        return self.env == "production"

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that are answered, in lower case; empty for all."""
        names = frozenset(name.strip().lower() for name in (self.http_hosts or LOCAL_HOSTS).split(","))
        return frozenset() if "*" in names else names

    @property
    def has_docs(self) -> bool:
        """Whether /docs and /openapi.json are served."""
        return self.http_docs == "on" or (self.http_docs == "auto" and not self.is_production)
