"""What stands around the dispatcher, where the settings ask for it.

    trusted proxies -> CORS -> compression -> dispatcher

Proxies come first: what they say is what the others look at. A preflight needs no compression.
"""

from hookspecs import ASGIApp
from tools.http.edge.cors import Cors, parse_origins
from tools.http.edge.proxies import TrustedProxies, parse_proxies


def edge(
    app: ASGIApp,
    *,
    trusted_proxies: str = "",
    cors_origins: str = "",
    has_cors_credentials: bool = False,
    has_compression: bool = False,
) -> ASGIApp:
    """Wrap the app in what is asked for; in nothing, the app itself is answered.

    Args:
        app: what serves requests.
        trusted_proxies: HTTP_TRUSTED_PROXIES, addresses and networks by comma.
        cors_origins: HTTP_CORS_ORIGINS, exact origins by comma, or `*`.
        has_cors_credentials: pages of these origins may send cookies.
        has_compression: answers are compressed.

    Raises:
        ValueError: a setting that cannot be; the text names it.
    """
    if has_compression:
        from tools.http.edge.compression import Compression

        app = Compression(app)
    if origins := parse_origins(cors_origins, has_credentials=has_cors_credentials):
        app = Cors(app, origins, has_credentials=has_cors_credentials)
    if networks := parse_proxies(trusted_proxies):
        app = TrustedProxies(app, networks)
    return app
