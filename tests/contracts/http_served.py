"""A work of `http`, booted as the kernel does it, and what a client sees of it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from inspect import isawaitable, signature
from typing import Any, Literal

import httpx

from hookspecs import Part, System, Undo, owner
from kernel.call import Pool
from tools.http.contract import Http

Answered = tuple[int, dict[str, str], bytes]


class Served:
    """A booted work: plugins register with `add`, clients ask with `client` or, byte by byte, with `raw`."""

    def __init__(self, work: Any, app: Any) -> None:
        self.work, self.app = work, app
        self.http: Http = work
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")

    def add(self, path: str, method: str, handler: Callable[..., Any], **options: Any) -> Undo:
        options = {"public": "guard" not in options, **options}
        with hook() as part:
            self.http.add_endpoint(path, method, handler, **options)
        return part.undo

    async def get(self, url: str, **options: Any) -> httpx.Response:
        return await self.client.get(url, **options)

    async def post(self, url: str, **options: Any) -> httpx.Response:
        return await self.client.post(url, **options)

    async def raw(self, method: str = "GET", path: str = "/x", *messages: dict[str, Any], **scope: Any) -> Answered:
        """Ask as a server would; `headers` come after a good Host."""
        arriving, sent = [*messages, {"type": "http.disconnect"}], list[dict[str, Any]]()
        headers = [(b"host", b"localhost"), *scope.pop("headers", ())]
        path, _, query = path.partition("?")
        full: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "http",
            "root_path": "",
            "method": method,
        }
        full |= {"method": method, "path": path, "query_string": query.encode(), "headers": headers, **scope}

        async def receive() -> dict[str, Any]:
            return arriving.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(full, receive, send)
        named = {name.decode(): value.decode("latin-1") for name, value in sent[0].get("headers", ())}
        return sent[0].get("status", 0), named, b"".join(one.get("body", b"") for one in sent[1:])


@contextmanager
def hook(name: str = "made.feature", kind: Literal["tool", "plugin"] = "plugin") -> Iterator[Part]:
    """Be the hook of a plugin."""
    part = Part(name, f"{name}.py", kind=kind)
    token = owner.set(part)
    try:
        yield part
    finally:
        owner.reset(token)


Boot = Callable[..., Awaitable[Served]]


async def serve(module: str, environ: Mapping[str, str]) -> Served:
    """Boot the tool that a module offers."""
    work = make(module, environ)
    given = {"system": System(Pool().run, []), "run": Pool().run}
    asked = signature(work.on_boot).parameters  # a hook gets the arguments that it names
    await answered(work.on_boot(**{name: value for name, value in given.items() if name in asked}))
    with hook("http", kind="tool"):
        return Served(work, await answered(work.asgi_app()))


def make(module: str, environ: Mapping[str, str]) -> Any:
    """Make the tool that a module offers, once it is chosen; the hook gets the arguments that it names."""
    register_tools = import_module(module).register_tools
    environ = {**environ, "TOOL_HTTP": module}
    (tool,) = register_tools(**({"environ": environ} if signature(register_tools).parameters else {}))
    return tool.factory(environ)


async def answered(value: Any) -> Any:
    """Await what a hook gave, where that is awaitable: `def` works wherever `async def` does."""
    return await value if isawaitable(value) else value


def typed(handler: Callable[..., Any], **kinds: Any) -> Callable[..., Any]:
    """Annotate a handler with types that a test has made."""
    handler.__annotations__.update(kinds)
    return handler
