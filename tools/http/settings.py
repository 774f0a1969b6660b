"""What the http tool reads from the environment."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

DAY_S = 86_400
LOCAL_HOSTS = "localhost,127.0.0.1,[::1],test,testserver"


class HttpSettings(Struct, frozen=True, kw_only=True, rename="upper"):
    """Limits and doors of the http tool; each limit can be changed for one route in `add_endpoint`."""

    env: Annotated[str, Meta(description="`development`, or anything else, which is as strict as `production`")] = (
        "development"
    )
    http_hosts: Annotated[
        str, Meta(description="host names that are answered, by comma; `*` is all; must be set outside development")
    ] = ""
    http_docs: Annotated[
        Literal["auto", "on", "off"], Meta(description="/docs and /openapi.json; auto: in development only")
    ] = "auto"
    http_unguarded: Annotated[
        Literal["refuse", "allow"],
        Meta(description="a route without guard or public=True stops the boot outside development, or is allowed"),
    ] = "refuse"
    http_max_body_bytes: Annotated[int, Meta(description="largest request body", ge=0)] = 1_048_576
    http_max_headers_bytes: Annotated[int, Meta(description="all request headers together", ge=1_024)] = 32_768
    http_max_url_bytes: Annotated[int, Meta(description="path and query of a request", ge=256)] = 8_192
    http_body_timeout_s: Annotated[float, Meta(description="time for a request body to arrive", gt=0, le=DAY_S)] = 30.0
    http_handler_timeout_s: Annotated[float, Meta(description="time for a handler to answer", gt=0, le=DAY_S)] = 30.0

    @property
    def is_production(self) -> bool:
        """Whether the strict defaults hold: for every word but one, so that a misspelt one opens nothing."""
        return self.env != "development"

    @property
    def host_names(self) -> frozenset[str]:
        """What HTTP_HOSTS names, in lower case."""
        names = (name.strip().lower() for name in (self.http_hosts or LOCAL_HOSTS).split(","))
        return frozenset(filter(None, names))

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that are answered; empty for all."""
        return frozenset() if "*" in self.host_names else self.host_names

    @property
    def has_docs(self) -> bool:
        """Whether /docs and /openapi.json are served."""
        return self.http_docs == "on" or (self.http_docs == "auto" and not self.is_production)
