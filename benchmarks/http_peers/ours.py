"""The `http` tool alone, booted as the kernel does it, on its defaults."""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Literal

from benchmarks.http_peers.models import Thing, made_types
from benchmarks.http_peers.plugin import Measured
from hookspecs import ASGIApp, Part, System, owner
from kernel.call import Pool

MODULE = "tools.http"


@contextmanager
def hook(name: str, kind: Literal["tool", "plugin"]) -> Iterator[None]:
    """Be the hook of a part."""
    token = owner.set(Part(name, f"{name}.py", kind=kind))
    try:
        yield
    finally:
        owner.reset(token)


async def asked(work: Any, name: str, **given: Any) -> Any:
    """Call a hook of the work, if it has it, with the arguments that it names."""
    function = getattr(work, name, None)
    if function is None:
        return None
    value = function(**{key: given[key] for key in inspect.signature(function).parameters})
    return await value if inspect.isawaitable(value) else value


async def boot(register: Callable[[Any], Awaitable[None]]) -> ASGIApp:
    """Boot the work, let a plugin register, and answer with the app inside the work's own middleware."""
    (tool,) = import_module(MODULE).register_tools()
    work, pool = tool.factory({}), Pool()

    async def gather(hook: str, **arguments: Any) -> list[Any]:
        return []

    system = System(gather, [])
    with hook("http", "tool"):
        await asked(work, "on_boot", system=system, run=pool.run)
    with hook("benchmark.measured", "plugin"):
        await register(work)
    with hook("http", "tool"):
        app: ASGIApp = await asked(work, "asgi_app", system=system)
        layers = await asked(work, "register_middleware") or []
        for layer in sorted(layers, key=lambda one: one.order)[::-1]:
            app = layer.factory(app)
        await asked(work, "on_ready")
    return app


async def make_app() -> ASGIApp:
    """Make the endpoints."""

    async def register(http: Any) -> None:
        await Measured(http).on_boot()

    return await boot(register)


async def make_routes(count: int, kind: str) -> ASGIApp:
    """Make `count` routes of one kind."""

    async def register(http: Any) -> None:
        for number in range(count):
            if kind == "static":
                http.add_endpoint(f"/route{number}", "GET", answer_ping, public=True)
            else:
                http.add_endpoint(f"/things{number}/{{id}}", "GET", answer_thing, public=True)

    return await boot(register)


async def answer_ping() -> dict[str, bool]:
    """GET /route{number}."""
    return {"ok": True}


async def answer_thing(id: int) -> Thing:
    """GET /things{number}/{id}."""
    return Thing(id)


make_types = made_types


async def declare(types: list[Any]) -> ASGIApp:
    """Declare an endpoint for each pair of types."""

    async def register(http: Any) -> None:
        for number, pair in enumerate(types):
            http.add_endpoint(f"/made{number}", "POST", create(*pair), status=201, public=True)

    return await boot(register)


def create(new_type: Any, made_type: Any) -> Any:
    """Make one handler."""

    async def create(new: Any) -> Any:
        return made_type(1, new.name, new.amount)

    create.__annotations__ = {"new": new_type, "return": made_type}
    return create
