"""What the settings mean to the parts of the http tool."""

from tools.http.edge.cors import parse_origins
from tools.http.edge.proxies import parse_proxies
from tools.http.forms.form import FormLimits
from tools.http.gateway.kong import Gateway
from tools.http.options import Limits
from tools.http.settings import HttpSettings
from tools.http.sockets.route import SocketLimits


def check(settings: HttpSettings) -> None:
    """Look at what no type says.

    Raises:
        ValueError: HTTP_HOSTS names no host, or is not set and this is not development; an origin or a proxy that is
            none.
    """
    if settings.is_production and not settings.http_hosts:
        advice = "unless ENV is development, set it to the host names that are answered"
        raise ValueError(f"HTTP_HOSTS is not set: {advice}")
    if not settings.host_names:
        advice = "write the host names that are answered, by comma, or `*` for all"
        raise ValueError(f"HTTP_HOSTS is {settings.http_hosts!r}, which names no host: {advice}")
    cors_origins(settings)
    parse_proxies(settings.http_trusted_proxies)


def cors_origins(settings: HttpSettings) -> frozenset[str]:
    """Read the origins whose pages are let in.

    Raises:
        ValueError: a word that is no origin.
    """
    return parse_origins(settings.http_cors_origins, has_credentials=settings.http_cors_credentials == "on")


def limits(settings: HttpSettings) -> Limits:
    """Say what a request may take, where its route says nothing."""
    return Limits(
        max_body_bytes=settings.http_max_body_bytes,
        body_timeout_s=settings.http_body_timeout_s,
        handler_timeout_s=settings.http_handler_timeout_s,
        max_form_bytes=settings.http_max_form_bytes,
    )


def form_limits(settings: HttpSettings) -> FormLimits:
    """Say what a form may hold."""
    return FormLimits(settings.http_max_form_fields, settings.http_max_form_files, settings.http_max_field_bytes)


def socket_limits(settings: HttpSettings) -> SocketLimits:
    """Say what a WebSocket may take, where its route says nothing."""
    return SocketLimits(
        max_message_bytes=settings.http_max_message_bytes,
        max_messages_per_s=settings.http_max_messages_per_s,
        send_timeout_s=settings.http_socket_send_timeout_s,
        grace_s=settings.http_socket_grace_s,
        guard_timeout_s=settings.http_handler_timeout_s,
    )


def gateway(settings: HttpSettings) -> Gateway:
    """Say what a gateway in front is told of the whole service."""
    return Gateway(settings.http_max_body_bytes, sorted(cors_origins(settings)), settings.http_cors_credentials == "on")
