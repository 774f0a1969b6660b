"""What this work of `http` reads from the environment."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, convert

DAY_S = 86_400
LOCAL_HOSTS = "localhost,127.0.0.1,[::1],test,testserver"
Seconds = Annotated[float, Meta(gt=0, le=DAY_S)]


class PlainSettings(Struct, frozen=True, kw_only=True, rename="upper"):
    """Limits and doors, under the names and with the defaults of the work that stands without a choice."""

    env: Annotated[str, Meta(description="`development`, or anything else, which is as strict as `production`")] = (
        "development"
    )
    http_hosts: Annotated[str, Meta(description="host names that are answered, by comma; `*` is all")] = ""
    http_unguarded: Annotated[
        Literal["refuse", "allow"], Meta(description="whether a route without guard or public=True stops the boot")
    ] = "refuse"
    http_max_body_bytes: Annotated[int, Meta(description="largest request body", ge=0)] = 1_048_576
    http_max_headers_bytes: Annotated[int, Meta(description="all request headers together", ge=1_024)] = 32_768
    http_max_url_bytes: Annotated[int, Meta(description="path and query of a request", ge=256)] = 8_192
    http_max_in_flight: Annotated[int, Meta(description="requests answered at once; more get 503", ge=1)] = 200
    http_body_timeout_s: Annotated[Seconds, Meta(description="time for a request body to arrive")] = 30.0
    http_handler_timeout_s: Annotated[Seconds, Meta(description="time for a handler to answer")] = 30.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "PlainSettings":
        """Read the settings.

        Raises:
            ValueError: HTTP_HOSTS names no host, or is not set and this is not development.
        """
        settings = convert(environ, cls, strict=False)
        if settings.is_production and not settings.http_hosts:
            advice = "unless ENV is development, set it to the host names that are answered"
            raise ValueError(f"HTTP_HOSTS is not set: {advice}")
        if not settings.hosts:
            advice = "write the host names that are answered, by comma, or `*` for all"
            raise ValueError(f"HTTP_HOSTS is {settings.http_hosts!r}, which names no host: {advice}")
        return settings

    @property
    def is_production(self) -> bool:
        """Whether the strict defaults hold: for every word but one, so that a misspelt one opens nothing."""
        return self.env != "development"

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that are answered, in lower case; `*` among them is all."""
        names = (name.strip().lower() for name in (self.http_hosts or LOCAL_HOSTS).split(","))
        return frozenset(filter(None, names))
