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
from hookspecs import Answer, ASGIApp, Part, System, owner
from kernel import discover
from kernel.call import GRACE_S, Pool, call
from kernel.errors import BootError, Problem, broken, explain, guess
from kernel.resolve import Offer, choose, needs

log = logging.getLogger(__name__)
LATE = "registered after its hook had ended: call it in `on_boot`, and await what you start there"


class Kernel:
    """`await boot()`, serve `app`, `await shutdown()`: once, on one event loop."""

    def __init__(self, root: Path, environ: Mapping[str, str], *, boot_timeout_s: float = 10, shutdown_timeout_s: float = 10,
                 quarantine: bool = False, disabled: Iterable[str] = (),
                 folders: tuple[str, str] = ("tools", "domains")) -> None:  # fmt: skip
        self.app: ASGIApp | None = None
        self.system = System(self.gather, sorted(root.glob(f"{folders[1]}/[!_.]*/")))
        self._root, self._environ, self._folders, self._quarantine = root, environ, folders, quarantine
        self._boot_timeout_s, self._shutdown_timeout_s, self._watched_s = boot_timeout_s, shutdown_timeout_s, 0.0
        self._disabled, self._pool, self._problems = set(disabled), Pool(), list[Exception]()
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
        took_ms, system = (time.perf_counter() - started) * 1000, self.system
        log.info("booted %d tools, %d plugins in %.0f ms", len(system.tools), len(system.plugins), took_ms)

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
        for part in discover.modules(self._root, self._folders[0]):
            with self._blamed(part, "import"):
                module = importlib.import_module(part.module)
                self._register(part, module, module)
                if discover.plugin_class(module, part):
                    self.system.plugins.append(Part(part.name, part.file, module=part.module))
                offers += [(tool, part) for tool in getattr(module, "register_tools", tuple)()]
        return offers

    def _make_tools(self, offers: list[Offer]) -> dict[str, Any]:
        """Make the chosen tools; the name of a broken one stays known, so that no plugin is blamed for it."""
        tools: dict[str, Any] = {tool.name: None for tool, _ in offers}
        for tool, module in choose(offers, self._environ, self._problems):
            part = Part(tool.name, module.file, kind="tool", contract=tool.contract, settings=tool.settings)
            part.summary = discover.summary(tool.contract)
            self.system.tools.append(part)
            with self._blamed(part, "set-up"):
                specs = sys.modules[tool.contract.__module__]
                if discover.marked(specs, "spec"):
                    self._hooks.add_hookspecs(specs)
                made = tools[tool.name] = tool.factory(self._environ)
                self._register(part, made, type(made))
        return tools

    def _load_plugins(self, tools: dict[str, Any]) -> None:
        plugins = self.system.plugins
        plugins += discover.plugins(self._root, self._folders[1])
        plugins.sort(key=lambda part: part.name)
        names = {part.name for part in plugins}
        for name in self._disabled - names:
            advice = guess(name, names, "plugins")
            self._problems.append(Problem(f"PLUGINS_DISABLED names {name!r}, which is no plugin: {advice}"))
        for part in plugins:
            part.state = "disabled" if part.name in self._disabled else "found"
            with self._blamed(part, "import"):
                if part.state == "found":
                    self._load_plugin(part, tools)

    def _load_plugin(self, part: Part, tools: dict[str, Any]) -> None:
        if rules := self._hooks.hook.check_source.get_hookimpls():
            tree = ast.parse((self._root / part.file).read_bytes(), part.file)
            answers: list[Any] = [one.function(file=part.file, tree=tree) for one in rules]
            if found := broken(chain(*answers)):
                raise BootError("rules", found)
        cls = discover.plugin_class(importlib.import_module(part.module), part)
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
        """Let `part` own what happens inside; when it fails, record that and take back whatever it registered."""
        name, token = f"{part.kind} {part.name}", owner.set(part)
        self._parts[name] = part
        if time.monotonic() > self._watched_s:  # a step that blocks the loop for good: print its stack, and exit
            self._watched_s = time.monotonic() + GRACE_S
            faulthandler.dump_traceback_later(self._boot_timeout_s + 3 * GRACE_S, exit=True, file=sys.__stderr__ or 2)
        try:
            yield
        except (Exception, SystemExit) as error:
            problem = explain(part, step, error, self._root)
            part.state, part.error, part.undo.sealed = "broken", str(problem), LATE
            part.undo.close()
            self._hooks.unregister(name=name)
            isolated = self._quarantine and part.kind == "plugin"
            self._problems += [] if isolated else getattr(problem, "exceptions", [problem])
            log.log(logging.ERROR if isolated else logging.DEBUG, "broken: %s", problem)
        finally:
            owner.reset(token)

    async def _each(self, hook: str, *kinds: str, **arguments: Any) -> list[Any]:
        """Ask every implementation, of parts of these kinds if there are any; who fails is broken."""
        values = []
        for one in getattr(self._hooks.hook, hook).get_hookimpls():
            part = self._parts[one.plugin_name]
            if not kinds or part.kind in kinds:
                with self._blamed(part, hook):
                    part.state, answer = "ready", await self._call(hook, one, arguments, self._boot_timeout_s)
                    part.undo.sealed = LATE
                    values += [] if answer.value is None else [answer.value]
                    if answer.error:
                        raise answer.error
        return values

    async def _call(self, hook: str, one: pluggy.HookImpl, arguments: Mapping[str, Any], timeout_s: float) -> Answer:
        work = partial(one.function, **{key: arguments[key] for key in one.argnames})
        return await call(self._parts[one.plugin_name], hook, timeout_s, self._pool, work, self._root)

    def _stop_if_broken(self) -> None:
        if self._problems:
            raise BootError("boot", self._problems)
