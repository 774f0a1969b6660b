"""One system's life: modules -> tools -> plugins are wired, booted one by one in this order, and shut down in reverse."""

import ast
import faulthandler
import importlib
import inspect
import logging
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pluggy

import hookspecs
from hookspecs import Answer, ASGIApp, Part, System, Tool, owner
from kernel import discover
from kernel.call import GRACE_S, Pool, call
from kernel.errors import BootError, Problem, broken, explain, guess
from kernel.resolve import Offer, choose, needs

log = logging.getLogger(__name__)
LATE = "registered after its hook had ended: call it in `on_boot`, and await what you start there"


class Kernel:
    """`await boot()`, serve `app`, `await shutdown()`: once, on one event loop."""

    def __init__(self, root: Path, environ: Mapping[str, str], *, boot_timeout_s: float = 10, shutdown_timeout_s: float = 10,
                 quarantine: bool = False, disabled: Iterable[str] = (), threads: int = 16, queued: int = 16,
                 tools: str = "tools", domains: str = "domains") -> None:  # fmt: skip
        self.app: ASGIApp | None = None
        self.system = System(self.gather, discover.domains(root, domains))
        self._root, self._environ, self._disabled, self._quarantine = root, environ, set(disabled), quarantine
        self._boot_timeout_s, self._shutdown_timeout_s, self._watched_s = boot_timeout_s, shutdown_timeout_s, 0.0
        self._pool, self._problems, self._modules = Pool(threads, queued), list[Exception](), [*discover.modules(root, tools)]
        self._parts: dict[str, Part] = {}  # by the name that pluggy knows
        self._hooks = pluggy.PluginManager(hookspecs.PROJECT)
        self._hooks.add_hookspecs(hookspecs)

    async def boot(self, *, consume: bool = True) -> None:
        """Wire and boot all that is there; without `consume`, only up to where work would start.

        Raises:
            BootError: all that was found wrong; with quarantine, only where more than plugins is broken. What had
                booted is shut down.
        """
        started = time.perf_counter()
        try:
            self._load_plugins(self._make_tools(self._load_modules()))
            for kind in ("tool", "plugin"):
                self._stop_if_broken()
                await self._each("on_boot", kind, system=self.system, run=self._pool.run)
            self.app = next(iter(await self._each("asgi_app", system=self.system)), None)
            for one in sorted(chain(*await self._each("register_middleware")), key=lambda one: -one.order):
                self.app = one.factory(self.app)
            self.system.facts = [*chain(*await self._each("describe"))]
            self.system.findings = [*chain(*await self._each("check", system=self.system))]
            if consume:
                self._problems += broken(self.system.findings)
                self._stop_if_broken()
                await self._each("on_ready")
            self._stop_if_broken()
        except BaseException:
            await self.shutdown()
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()
        tools, plugins, took_ms = len(self.system.tools), len(self.system.plugins), (time.perf_counter() - started) * 1000
        log.info("booted %d tools, %d plugins in %.0f ms", tools, plugins, took_ms)

    async def shutdown(self) -> None:
        """Ask what booted to finish, in reverse order, then undo every registration; nothing stops this half-way."""
        for one in reversed(self._hooks.hook.on_shutdown.get_hookimpls()):
            if self._parts[one.plugin_name].state == "ready":
                answer = await self._call("on_shutdown", one, {}, self._shutdown_timeout_s)
                if answer.error:
                    log.error("%s", answer.error)
        for part in reversed(self._parts.values()):
            part.undo.close()

    async def gather(self, hook: str, **arguments: Any) -> list[Answer]:
        """See `hookspecs.System`."""
        hooks = getattr(self._hooks.hook, hook).get_hookimpls()
        return [await self._call(hook, one, arguments, self._boot_timeout_s) for one in hooks]

    # ------------------------------------------------------------ wiring: nothing here opens or starts anything

    def _load_modules(self) -> list[Offer]:
        offers: list[Offer] = []
        for part in self._modules:
            with self._blamed(part, "import"):
                module = importlib.import_module(part.module)
                self._register(part, module, module)
                classes = discover.plugin_classes(module, part)
                self.system.plugins += [Part(part.name, part.file, module=part.module) for _ in classes]
                offers += [(Tool(*tool), part) for tool in getattr(module, "register_tools", tuple)()]
        return offers

    def _make_tools(self, offers: list[Offer]) -> dict[str, Any]:
        """Make the chosen tools; the name of a broken one stays known, so that no plugin is blamed for it."""
        tools: dict[str, Any] = {tool.name: None for tool, _ in offers}
        for (name, contract, settings, factory), module in choose(offers, self._environ, self._problems):
            part = Part(name, module.file, kind="tool", contract=contract, settings=settings)
            self.system.tools.append(part)
            with self._blamed(part, "set-up"):
                part.summary, home = discover.summary(contract), sys.modules[contract.__module__]
                if discover.marked(home, "spec"):
                    self._hooks.add_hookspecs(home)
                tools[name] = factory(self._environ)
                self._register(part, tools[name], type(tools[name]))
        return tools

    def _load_plugins(self, tools: dict[str, Any]) -> None:
        plugins = self.system.plugins
        plugins += chain(*[discover.plugins(self._root, domain) for domain in self.system.domains])
        plugins.sort(key=lambda part: part.name)
        for name in sorted(self._disabled - {part.name for part in plugins}):
            advice = guess(name, [part.name for part in plugins], "plugins")
            self._problems.append(Problem(f"PLUGINS_DISABLED names {name!r}, which is no plugin: {advice}"))
        for part in plugins:
            if part.name in self._disabled:
                part.state = "disabled"
            else:
                with self._blamed(part, "import"):
                    self._load_plugin(part, tools)

    def _load_plugin(self, part: Part, tools: dict[str, Any]) -> None:
        if rules := self._hooks.hook.check_source.get_hookimpls():
            tree = ast.parse((self._root / part.file).read_bytes(), part.file)
            answers: list[Any] = [one.function(file=part.file, tree=tree) for one in rules]
            if found := broken(chain(*answers)):
                raise BootError(found)
        cls = next(iter(discover.plugin_classes(importlib.import_module(part.module), part)), None)
        if cls is None:
            raise Problem(f"{part} holds no plugin: mark a method of its one class with @hookimpl (from hookspecs import it)")
        part.summary, part.needs = discover.summary(cls), needs(part, cls, tools)
        given = {name: self._wrapped(name, tools[name], part.name) for name in part.needs}
        if None not in given.values():
            with self._blamed(part, "__init__"):
                self._register(part, cls(**given), cls)

    def _wrapped(self, name: str, tool: Any, plugin: str) -> Any:
        for one in self._hooks.hook.wrap_tool.get_hookimpls():
            arguments = {"name": name, "tool": tool, "owner": plugin}
            tool = one.function(**{key: arguments[key] for key in one.argnames}) or tool
        return tool

    def _register(self, part: Part, thing: object, marks: object) -> None:
        specs = {name: hook.spec for name, hook in vars(self._hooks.hook).items() if hook.spec}
        for name in discover.marked(marks):
            if name not in specs:
                raise Problem(f"{part} marks {name!r} with @hookimpl, which is no hook: {guess(name, specs, 'hooks')}")
            names = specs[name].argnames
            for spare in inspect.signature(getattr(thing, name)).parameters.keys() - {*names}:
                advice = guess(spare, names, "arguments")
                raise Problem(f"{part}: hook {name!r} has no argument {spare!r}: {advice}")
        self._hooks.register(thing, f"{part.kind} {part.name}")

    # ------------------------------------------------------------ calls and blame: every failure has one owner

    @contextmanager
    def _blamed(self, part: Part, step: str) -> Iterator[None]:
        self._parts[f"{part.kind} {part.name}"], token = part, owner.set(part)
        self._watch()
        try:
            yield
        except (Exception, SystemExit) as error:
            self._break(part, explain(part, step, error, self._root))
        finally:
            owner.reset(token)

    async def _call(self, hook: str, one: pluggy.HookImpl, arguments: Mapping[str, Any], timeout_s: float) -> Answer:
        work = partial(one.function, **{key: arguments[key] for key in one.argnames})
        return await call(self._parts[one.plugin_name], hook, timeout_s, self._pool, work, self._root)

    async def _each(self, hook: str, *kinds: str, **arguments: Any) -> list[Any]:
        """Ask every implementation, of parts of these kinds if there are any; who fails is broken."""
        values = []
        for one in getattr(self._hooks.hook, hook).get_hookimpls():
            part = self._parts[one.plugin_name]
            if not kinds or part.kind in kinds:
                self._watch()
                answer = await self._call(hook, one, arguments, self._boot_timeout_s)
                part.state, part.undo.sealed = "ready", LATE
                values.append(answer.value)
                if answer.error:
                    self._break(part, answer.error)
        return [value for value in values if value is not None]

    def _watch(self) -> None:
        """Have the interpreter print where everything stands, and exit, once a step blocks the event loop for good."""
        if time.monotonic() > self._watched_s:
            self._watched_s = time.monotonic() + GRACE_S
            faulthandler.dump_traceback_later(self._boot_timeout_s + 3 * GRACE_S, exit=True, file=sys.__stderr__ or 2)

    def _break(self, part: Part, error: Exception) -> None:
        """Record what is wrong with a part, and take back whatever it registered."""
        part.state, part.error, part.undo.sealed = "broken", str(error), LATE
        if self._quarantine and part.kind == "plugin":
            log.error("quarantined: %s", error)
        else:
            self._problems += getattr(error, "problems", [error])
        part.undo.close()
        self._hooks.unregister(name=f"{part.kind} {part.name}")

    def _stop_if_broken(self) -> None:
        if self._problems:
            raise BootError(self._problems)
