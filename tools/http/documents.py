"""/openapi.json and /docs: Swagger UI (its files are in `ui/`, version 5.35.0), so that no page needs the internet."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from tools.http.endpoint import Endpoint
from tools.http.openapi import openapi

UI = Path(__file__).parent / "ui"
# Swagger UI sets styles on elements and draws with data: images; scripts come from us alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)


def documents(endpoints: Sequence[Endpoint]) -> list[BaseRoute]:
    """Serve the document and the page that shows it."""
    cached: list[bytes] = []

    async def document(request: Request) -> Response:
        if not cached:  # made at the first look, not at boot: a thousand schemas take a while
            cached.append(msgspec.json.encode(openapi(endpoints)))
        return Response(cached[0], media_type="application/json")

    async def page(request: Request) -> Response:
        html = (UI / "index.html").read_text().replace("{root}", request.scope.get("root_path", ""))
        return HTMLResponse(html, headers={"content-security-policy": POLICY})

    return [Route("/openapi.json", document), Route("/docs", page), Mount("/docs", StaticFiles(directory=UI))]
