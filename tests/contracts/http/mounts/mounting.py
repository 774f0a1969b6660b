"""Apps that note what they do, mounted as a plugin does it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.contracts.http_served import Served, answered, hook

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


class Noted:
    """Keeps what apps do, in order."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def lifespan(self, name: str, state: dict[str, Any] | None = None) -> Lifespan:
        @asynccontextmanager
        async def run(app: Any) -> AsyncIterator[dict[str, Any] | None]:
            self.all.append(f"{name} starts")
            yield state
            self.all.append(f"{name} stops")

        return run

    def app(self, name: str, state: dict[str, Any] | None = None) -> Starlette:
        async def show(request: Request) -> Response:
            self.all.append(f"{name} answers")
            return JSONResponse({key: repr(value) for key, value in request.state._state.items()})

        return Starlette(routes=[Route("/", show)], lifespan=self.lifespan(name, state))


def mount(http: Served, path: str, app: Any, owner: str = "made.feature") -> Any:
    with hook(owner) as part:
        http.http.mount(path, app)
    return part


async def ready(http: Served) -> None:
    await answered(http.work.on_ready())


async def shut(http: Served) -> None:
    await answered(http.work.on_shutdown())
