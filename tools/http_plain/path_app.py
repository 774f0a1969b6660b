"""The endpoints of one path, by method: what a Route of Starlette leads to."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from hookspecs import Run
from tools.http_plain.endpoint import Endpoint
from tools.http_plain.gate import CONTEXT
from tools.http_plain.path import Path
from tools.http_plain.problem import Problem


@dataclass
class Load:
    """What all paths share: the pool of threads, and how many requests are being answered."""

    run: Run
    max_in_flight: int
    in_flight: int = 0


class PathApp:
    """One path; it decides before the method does, so another path that matches too is not asked."""

    def __init__(self, path: Path, load: Load) -> None:
        self.endpoints: dict[str, Endpoint] = {}
        self.route, self._load = path.route(self), load
        self._keys = [f"p{index}" for index, (kind, _) in enumerate(path.shape) if kind]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request.

        Raises:
            Problem: 405, 503, and those of the endpoint.
        """
        method, load = scope["method"], self._load
        endpoint = self.endpoints.get("GET" if method == "HEAD" else method)
        if endpoint is None:
            await self._refuse(method)(scope, receive, send)
            return
        if load.in_flight >= load.max_in_flight and not endpoint.options.when_full:
            raise Problem(503, "too many requests are being answered: try again", headers={"retry-after": "1"})
        load.in_flight += 1
        try:
            context, values = scope[CONTEXT], [scope["path_params"][key] for key in self._keys]
            context.path = dict(zip(endpoint.path.names, values, strict=True))
            response = await endpoint.respond(context, load.run)
            await response(scope, context.request.receive, send)
        finally:
            load.in_flight -= 1

    def _refuse(self, method: str) -> Response:
        names = {*self.endpoints, "OPTIONS"} | ({"HEAD"} if "GET" in self.endpoints else set())
        headers = {"allow": ", ".join(sorted(names))}
        if method != "OPTIONS":
            raise Problem(405, f"{method} is not served here", headers=headers)
        return Response(status_code=204, headers=headers)
