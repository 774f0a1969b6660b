"""One system's life: modules, tools, plugins are wired, booted one by one in this order, and shut down in reverse."""

import ast
import faulthandler
import importlib
import inspect
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pluggy

import hookspecs
from hookspecs import Answer, ASGIApp, Fact, Finding, Middleware, Part, System, owner
from kernel import discover
from kernel.call import GRACE_S, Pool, call
from kernel.errors import BootError, Problem, explain, guess, words
from kernel.resolve import Offer, choose, needs

log = logging.getLogger(__name__)
LATE = "registered after its hook had ended: call it in `on_boot`, and await what you start there"


class Hooks(pluggy.PluginManager):
    """pluggy, without its look at some thirty names of Python's own in each plugin: a third of what a plugin costs."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        return None if name.startswith("__") else super().parse_hookimpl_opts(plugin, name)


class Kernel:
    """`await boot()`, serve `app`, `await shutdown()`: once, on one event loop."""

    def __init__(self, root: Path, environ: Mapping[str, str], *, boot_timeout_s: float = 10,
                 shutdown_timeout_s: float = 10, quarantine: bool = False, disabled: Iterable[str] = (),
                 folders: tuple[str, str] = ("tools", "domains")) -> None:  # fmt: skip
        self.app: ASGIApp | None = None
        self._facts, self._findings, self._problems = list[Fact](), list[Finding](), list[Exception]()
        domains = sorted(root.glob(f"{folders[1]}/[!_.]*/"))
        self.system = System(self.gather, domains, [], [], self._facts, self._findings)
        self._root, self._environ, self._folders = root, environ, folders
        self._quarantine, self._disabled, self._pool = quarantine, {*disabled}, Pool()
        self._timeout_s, self._shutdown_timeout_s, self._watched_s = boot_timeout_s, shutdown_timeout_s, 0.0
        self._parts: dict[str, Part] = {}  # what is registered, by the name that pluggy knows
        self._hooks = Hooks(hookspecs.PROJECT)
        self._hooks.add_hookspecs(hookspecs)

    async def boot(self, *, consume: bool = True) -> None:
        """Wire and boot all that is there; without `consume`, only up to where work would start.

        Raises:
            BootError: all that was found wrong; with quarantine, only where more than plugins is broken. What had
                booted is shut down.
        """
        started = time.perf_counter()
        try:
            await self._load_plugins(self._make_tools(await self._load_modules()))
            await self._stand()
            if consume:
                for one in [one for one in self._findings if not one.is_error]:
                    log.warning("%s", words(one))
                self._problems += [Problem(words(one)) for one in self._findings if one.is_error]
                self._stop_if_broken()
                await self._each("on_ready", {})
            self._stop_if_broken()
        except BaseException:
            await self.shutdown()
            raise
        faulthandler.cancel_dump_traceback_later()
        counts, took_ms = (len(self.system.tools), len(self.system.plugins)), (time.perf_counter() - started) * 1000
        log.info("booted %d tools, %d plugins in %.0f ms", *counts, took_ms)

    async def shutdown(self) -> None:
        """Ask what booted to finish, in reverse order, then undo every registration; no failure stops this half-way."""
        self._timeout_s, self._watched_s, self._problems = self._shutdown_timeout_s, 0.0, []
        try:
            await self._each("on_shutdown", {}, due={"ready"}, step=-1)
            for part in reversed(self._parts.values()):
                with self._blamed(part, "undo"):
                    part.undo.close()
        finally:
            faulthandler.cancel_dump_traceback_later()
        for problem in self._problems:
            log.error("%s", problem)

    async def gather(self, hook: str, **arguments: Any) -> list[Answer]:
        """See `hookspecs.System`."""
        return [await self._call(hook, one, arguments) for one in self._hooks_of(hook)]

    # ------------------------------------------------------------ wiring: nothing here opens or starts anything

    async def _load_modules(self) -> list[Offer]:
        offers: list[Offer] = []
        for part in discover.modules(self._root, self._folders[0]):
            with self._blamed(part, "import"):
                module = importlib.import_module(part.module)
                self._register(part, module, module)
                if part.file.startswith(discover.ENTRY) and discover.plugin_class(module, part):
                    self.system.plugins.append(Part(part.name, part.file, module=part.module))
        await self._each("register_tools", {}, lambda tools: offers.extend((tool, owner.get()) for tool in tools))
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
                made = tool.factory(self._environ)
                self._register(part, made, type(made))
                tools[tool.name] = made
        return tools

    async def _load_plugins(self, tools: dict[str, Any]) -> None:
        plugins = self.system.plugins
        plugins += discover.plugins(self._root, self._folders[1])
        plugins.sort(key=lambda part: part.name)
        names = {part.name for part in plugins}
        for name in sorted(self._disabled - names):
            advice = guess(name, names, "plugins")
            self._problems.append(Problem(f"PLUGINS_DISABLED names {name!r}, which is no plugin: {advice}"))
        for part in plugins:
            part.state = "disabled" if part.name in self._disabled else "found"
            if part.state == "found":
                with self._blamed(part, "import"):
                    await self._load_plugin(part, tools)

    async def _load_plugin(self, part: Part, tools: dict[str, Any]) -> None:
        await self._check_source(part)
        cls = discover.plugin_class(importlib.import_module(part.module), part)
        if cls is None:
            raise Problem(f"{part} holds no plugin: mark a method of its one class with @hookimpl of hookspecs")
        part.summary, part.needs = discover.summary(cls), needs(part, cls, tools)
        if all(tools[name] is not None for name in part.needs):
            given = {name: await self._wrapped(name, tools[name], part.name) for name in part.needs}
            with self._blamed(part, "__init__"):
                self._register(part, cls(**given), cls)

    async def _check_source(self, part: Part) -> None:
        file, found = self._root / part.file, list[Finding]()
        if self._hooks_of("check_source") and file.is_file():
            tree = ast.parse(file.read_bytes(), str(file))
            await self._each("check_source", {"file": part.file, "tree": tree}, found.extend)
        if errors := [Problem(words(one)) for one in found if one.is_error]:
            raise BootError("rules", errors)
        self._findings += found

    async def _wrapped(self, name: str, tool: Any, plugin: str) -> Any:
        arguments = {"name": name, "tool": tool, "owner": plugin}
        await self._each("wrap_tool", arguments, lambda stand_in: arguments.update(tool=stand_in))
        return arguments["tool"]

    def _register(self, part: Part, thing: object, marks: object) -> None:
        hooks, known, key = discover.marked(marks), vars(self._hooks.hook), f"{part.kind} {part}"
        for name in hooks:
            if name not in known:
                raise Problem(f"{part} marks {name!r} with @hookimpl, which is no hook: {guess(name, known, 'hooks')}")
            names = known[name].spec.argnames
            for spare in inspect.signature(getattr(thing, name)).parameters.keys() - {*names}:
                raise Problem(f"{part}: hook {name!r} has no argument {spare!r}: {guess(spare, names, 'arguments')}")
        if self._hooks.register(thing, key) is None:
            raise Problem(f"{part}: set-up made nothing: return the tool from its factory")
        self._parts[key] = part
        if "on_boot" not in hooks:  # all its boot was to be made
            part.state, part.undo.sealed = "ready", LATE

    # ------------------------------------------------------------ standing up

    async def _stand(self) -> None:
        about, apps, layers = {"system": self.system}, list[ASGIApp](), list[tuple[Middleware, Part]]()
        for due in ({"module", "tool"}, {"plugin"}):
            self._stop_if_broken()
            await self._each("on_boot", {**about, "run": self._pool.run}, due=due)
        await self._each("asgi_app", about, apps.append)
        await self._each("register_middleware", {}, lambda ones: layers.extend((one, owner.get()) for one in ones))
        for layer, part in sorted(layers if apps else [], key=lambda pair: pair[0].order)[::-1]:
            with self._blamed(part, "middleware"):
                apps[0] = layer.factory(apps[0])
        self.app = next(iter(apps), None)
        await self._each("describe", {}, self._facts.extend)
        await self._each("check", about, self._findings.extend)

    def _stop_if_broken(self) -> None:
        if self._problems:
            raise BootError("boot", self._problems)

    # ------------------------------------------------------------ calls and blame: every failure has one owner

    def _hooks_of(self, name: str) -> list[pluggy.HookImpl]:
        return list(getattr(self._hooks.hook, name).get_hookimpls())

    async def _call(self, hook: str, one: pluggy.HookImpl, arguments: Mapping[str, Any]) -> Answer:
        work = partial(one.function, **{name: arguments[name] for name in one.argnames})
        return await call(self._parts[one.plugin_name], hook, self._timeout_s, self._pool, work, self._root)

    async def _each(self, hook: str, arguments: Mapping[str, Any], take: Callable[[Any], object] = id, *,
                    due: Set[str] = frozenset(), step: int = 1) -> None:  # fmt: skip
        """Let `take` have what each implementation gives (of parts whose kind or state is due); who fails is broken."""
        for one in self._hooks_of(hook)[::step]:
            part = self._parts[one.plugin_name]
            if not due or due & {part.kind, part.state}:
                with self._blamed(part, hook):
                    started = time.perf_counter()
                    answer = await self._call(hook, one, arguments)
                    part.boot_ms += (time.perf_counter() - started) * 1000
                    if answer.error:
                        raise answer.error
                    part.state, part.undo.sealed = "ready", LATE
                    if answer.value is not None:
                        take(answer.value)

    @contextmanager
    def _blamed(self, part: Part, step: str) -> Iterator[None]:
        """Let `part` own what happens inside; when it fails, record that and take back whatever it registered."""
        token = owner.set(part)
        if time.monotonic() > self._watched_s:  # a step that blocks the loop for good: print its stack, and exit
            self._watched_s = time.monotonic() + GRACE_S
            faulthandler.dump_traceback_later(self._timeout_s + 3 * GRACE_S, exit=True, file=sys.__stderr__ or 2)
        try:
            yield
        except (Exception, SystemExit) as error:
            with self._blamed(part, "undo"):  # which takes back what is left when that fails
                part.undo.close()
            problem = explain(part, step, error, self._root)
            problems = getattr(problem, "exceptions", [problem])
            part.state, part.error, part.undo.sealed = "broken", "; ".join(map(str, problems)), LATE
            self._hooks.unregister(name=f"{part.kind} {part}")
            if self._quarantine and part.kind == "plugin":
                log.error("broken: %s", part.error)
            else:
                self._problems += problems
        finally:
            owner.reset(token)
