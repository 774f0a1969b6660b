"""Every point at which a module, a tool or a plugin joins, in the order in which the kernel calls them.

Write `from hookspecs import hookimpl`, mark a method, and name only the arguments that you want. `def` works wherever
`async def` does. A *module* is `tools/<name>/__init__.py`, or what an entry point in the group `microcoreos` names; a
*tool* is what its factory made; a *plugin* is the one class of a file in `domains/<domain>/plugins/`.
"""

import argparse
import ast
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pluggy

PROJECT = "microcoreos"
hookspec, hookimpl = pluggy.HookspecMarker(PROJECT), pluggy.HookimplMarker(PROJECT)

ASGIApp = Callable[..., Awaitable[None]]  # app(scope, receive, send)


class Undo(ExitStack):
    """The way back of everything that one owner registered; once sealed it takes no more."""

    def __init__(self, sealed: str = "") -> None:
        super().__init__()
        self.sealed = sealed

    def callback(self, callback: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """Push the way back of a registration, before the registration itself.

        Raises:
            RuntimeError: outside a hook, or after the hook's time was over: then nothing must be registered.
        """
        if self.sealed:
            raise RuntimeError(self.sealed)
        return super().callback(callback, *args, **kwargs)


@dataclass(eq=False)
class Part:
    """A module, a tool or a plugin; `file` is relative to the project, `module` is what Python calls it.

    While a part's constructor or hook runs it is the `owner`: `owner.get().undo.callback(self._remove, thing)` makes a
    registration undoable.
    """

    name: str
    file: str
    undo: Undo = field(default_factory=Undo, repr=False)
    kind: Literal["module", "tool", "plugin"] = "plugin"
    module: str = ""
    state: Literal["found", "ready", "broken", "disabled"] = "found"
    error: str = ""
    summary: str = ""
    needs: Sequence[str] = ()
    boot_ms: float = 0.0
    contract: type | None = None
    settings: type | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.file})"


owner = ContextVar("owner", default=Part("", "", Undo("registered outside a hook: call it in `on_boot`")))  # noqa: B039


class Trace(NamedTuple):
    """What caused what is running now: one `trace_id` for all that follows from one request."""

    trace_id: str = ""
    request_id: str = ""
    event_id: str = ""
    parent_id: str = ""


trace: ContextVar[Trace] = ContextVar("trace", default=Trace())  # noqa: B039 (it is a tuple)

# which tools have stored something for good, or may have: who may have to repeat the work at hand sets a list around
# it, and looks there after a failure; a tool that stores appends its name
stored: ContextVar[list[str] | None] = ContextVar("stored", default=None)


class Refusal(Exception):  # noqa: N818 (the name is in every plugin: an answer, not a fault)
    """An error whose text a client may see; http answers it with `status`, whoever raised it."""

    runs_again = False
    """Whether nothing was done, and all of it may succeed if it is run again at once: http and event_bus do so."""

    def __init__(self, status: int, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.retry_after_s = status, detail, retry_after_s


class Tool(NamedTuple):
    """An offer of `name` to every constructor that writes it as a parameter."""

    name: str
    contract: type
    """A Protocol with docstrings: what plugins may call, what the manifest prints."""
    settings: type | None
    """The Struct that `factory` converts its environment into; documented in the settings table."""
    factory: Callable[[Mapping[str, str]], object]


class Middleware(NamedTuple):
    """Pure ASGI, `factory(app) -> app`; the lowest order is outermost."""

    factory: Callable[[ASGIApp], ASGIApp]
    order: int = 0


class Finding(NamedTuple):
    """A rule that is not kept: an error stops the boot, a warning is logged."""

    code: str
    message: str
    file: str = ""
    line: int = 0
    is_error: bool = True

    def __str__(self) -> str:
        return f"{f'{self.file}:{self.line}: ' if self.file else ''}{self.message} [{self.code}]"


class Fact(NamedTuple):
    """One thing that stands after boot, as the manifest renders it; `owner` is the plugin's or tool's name."""

    kind: str
    owner: str
    name: str
    summary: str = ""
    data: Mapping[str, Any] = {}
    uses: tuple[str, ...] = ()


class Command(NamedTuple):
    """`python -m manifest <name>`: `run(arguments) -> exit code`; a `real` one boots on the real settings."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int | Awaitable[int]]
    real: bool = False


class Answer(NamedTuple):
    """What one implementation of a gathered hook gave: `error` is None, or what it raised instead of a value."""

    owner: str
    file: str
    value: Any
    error: Exception | None


@dataclass(eq=False)
class System:
    """What stands; read only. `await gather(hook, **arguments)` asks every implementation, each under a time-out."""

    gather: Callable[..., Awaitable[list[Answer]]]
    domains: list[Path]
    tools: list[Part] = field(default_factory=list)
    plugins: list[Part] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


Run = Callable[..., Awaitable[Any]]
"""`await run(function, *args)`: call it in the one bounded pool of daemon threads, in the caller's context, and await
what it returns if that is awaitable. Raises a Refusal with status 503 when every thread is busy."""


# ---------------------------------------------------------------- hooks, in the order of their calls


def register_tools(environ: Mapping[str, str]) -> Iterable[Tool]:  # type: ignore[empty-body]
    """Module, first of all: offer tools; a spare work does where `environ` chooses it. Import it inside the factory."""


def check_source(file: str, tree: ast.Module) -> Iterable[Finding]:  # type: ignore[empty-body]
    """Module, before a plugin's file is imported: rules on source. An error keeps the file from running."""


def wrap_tool(name: str, tool: object, owner: str) -> object | None:
    """Module or tool, while a plugin is wired: answer with a stand-in for `tool` that `owner` gets, or None."""


def on_boot(system: System, run: Run) -> None:
    """Anyone, tools before plugins, by name: register endpoints and subscriptions, open connections; start no work."""


def asgi_app(system: System) -> ASGIApp:  # type: ignore[empty-body]
    """Tool, after every `on_boot`: answer with what serves requests. The first answer counts."""


def register_middleware() -> Iterable[Middleware]:  # type: ignore[empty-body]
    """Anyone, with `asgi_app`: wrap what serves requests."""


def describe() -> Iterable[Fact]:  # type: ignore[empty-body]
    """Anyone, after `on_boot`: say what stands, for the manifest."""


def check(system: System) -> Iterable[Finding]:  # type: ignore[empty-body]
    """Anyone, after `describe`, and in `python -m manifest check`: rules on what stands."""


def register_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Anyone, for `python -m manifest <name>`: offer commands."""


def on_ready() -> None:
    """Anyone, last in the boot, when all stands and no request is served yet: start consuming."""


def check_health() -> None:
    """Tool or plugin, at `/health/ready`: raise when not ready."""


def on_shutdown() -> None:
    """Anyone that booted, in reverse order, under a time-out: finish and release."""


HOOKS = (register_tools, check_source, wrap_tool, on_boot, asgi_app, register_middleware, describe, check,
         register_commands, on_ready, check_health, on_shutdown)  # fmt: skip
[hookspec(hook) for hook in HOOKS]  # a comprehension leaves no name behind, which would be one more hook
