"""What the http tool reads from the environment."""

from typing import Annotated, Literal

from msgspec import Meta

from tools.http.serving.settings import DAY_S, ServingSettings

LOCAL_HOSTS = "localhost,127.0.0.1,[::1],test,testserver"


class HttpSettings(ServingSettings, frozen=True, kw_only=True, rename="upper"):
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
    http_max_in_flight: Annotated[
        int, Meta(description="requests answered at once; more are refused with 503", ge=1)
    ] = 200
    http_max_form_bytes: Annotated[int, Meta(description="largest form, its files included", ge=0)] = 10_485_760
    http_max_form_fields: Annotated[int, Meta(description="fields of a form", ge=1)] = 100
    http_max_form_files: Annotated[int, Meta(description="files of a form", ge=0)] = 10
    http_max_field_bytes: Annotated[int, Meta(description="one field of a form", ge=1)] = 65_536
    http_max_cache_bytes: Annotated[
        int, Meta(description="cached answers (`cache_s`) of one process together", ge=0)
    ] = 16_777_216
    http_cors_origins: Annotated[
        str, Meta(description="origins whose pages may read answers, exact, by comma; `*` is all")
    ] = ""
    http_cors_credentials: Annotated[
        Literal["on", "off"], Meta(description="pages of these origins may send cookies")
    ] = "off"
    http_compression: Annotated[
        Literal["on", "off"],
        Meta(description="zstd, br and gzip; an answer with a secret beside what a client chose can leak it (BREACH)"),
    ] = "off"
    http_max_sockets: Annotated[int, Meta(description="WebSockets open at once; more are refused with 503", ge=1)] = (
        1_000
    )
    http_max_message_bytes: Annotated[int, Meta(description="largest WebSocket message", ge=1)] = 65_536
    http_max_messages_per_s: Annotated[int, Meta(description="messages of one WebSocket in a second", ge=1)] = 100
    http_socket_send_timeout_s: Annotated[
        float, Meta(description="a WebSocket's client that reads nothing for so long is dropped", gt=0, le=DAY_S)
    ] = 10.0
    http_socket_grace_s: Annotated[
        float, Meta(description="how long a WebSocket's handler may go on after its client", gt=0, le=DAY_S)
    ] = 5.0
    http_blocked_loop_s: Annotated[
        float,
        Meta(description="what blocks the event loop for longer is logged with its line; 0 is off", ge=0, le=DAY_S),
    ] = 0.25
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
