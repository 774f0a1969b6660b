"""/openapi.json and /docs: Swagger UI (its files are in `ui/`, version 5.35.0), so that no page needs the internet."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from hookspecs import Fact
from tools.http.endpoint import Endpoint
from tools.http.openapi.document import openapi

UI = Path(__file__).parent / "ui"
# Swagger UI sets styles on elements and draws with data: images; scripts come from us alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)


def documents(
    documented: Callable[[], list[Endpoint]], facts: Sequence[Fact]
) -> dict[str, Callable[..., Awaitable[Response]]]:
    """Make the handlers, by path, of the document and of the page that shows it."""
    made: tuple[list[Endpoint], str, bytes] = ([], "", b"")

    async def document(request: Request) -> Response:
        nonlocal made
        root, endpoints = request.scope.get("root_path", ""), documented()
        if made[:2] != (endpoints, root) or not made[2]:  # at the first look: a thousand schemas take a while
            made = endpoints, root, msgspec.json.encode(openapi(endpoints, facts, root=root))
        return Response(made[2], media_type="application/json")

    async def page(request: Request) -> Response:
        html = (UI / "index.html").read_text().replace("{root}", request.scope.get("root_path", ""))
        return HTMLResponse(html, headers={"content-security-policy": POLICY})

    async def file(name: str, request: Request) -> Response:
        return await files.get_response(name, request.scope)

    files = StaticFiles(directory=UI)
    return {"/openapi.json": document, "/docs": page, "/docs/{name}": file}
