"""One system's life: modules, tools, plugins are wired, booted one by one in this order, and shut down in reverse."""

import ast
import faulthandler
import importlib
import inspect
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pluggy

import hookspecs
from hookspecs import Answer, ASGIApp, Fact, Finding, Part, System, owner
from kernel import wiring
from kernel.call import GRACE_S, Pool, call
from kernel.errors import BootError, Problem, explain, guess

log = logging.getLogger(__name__)
LATE = "registered after its hook had ended: call it in `on_boot`, and await what you start there"
FOLDERS = ("tools", "domains")


class Hooks(pluggy.PluginManager):
    """pluggy, without its look at some thirty names of Python's own in each plugin: a third of what a plugin costs."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        return None if name.startswith("__") else super().parse_hookimpl_opts(plugin, name)


class Kernel:
    """`await boot()`, serve `app`, `await shutdown()`: once, on one event loop."""

    def __init__(self, root: Path, environ: Mapping[str, str], settings: Any, folders: Sequence[str] = FOLDERS) -> None:
        self.app: ASGIApp | None = None
        self.system = System(self.gather, sorted(root.glob(f"{folders[1]}/[!_.]*/")))
        self._root, self._environ, self._settings, self._folders = root, environ, settings, folders
        self._timeout_s, self._watched_s, self._is_ending = settings.boot_timeout_s, 0.0, False
        # what is registered, by the name that pluggy knows
        self._pool, self._parts, self._problems = Pool(), dict[str, Part](), list[Exception]()
        self._hooks = Hooks(hookspecs.PROJECT)
        self._hooks.add_hookspecs(hookspecs)

    async def boot(self, *, consume: bool = True) -> None:
        """Wire and boot all that is there; without `consume`, only up to where work would start.

        Raises:
            BootError: all that was found wrong; with quarantine, only where more than plugins is broken. What had
                booted is shut down.
        """
        about, apps, layers = {"system": self.system, "run": self._pool.run}, list[ASGIApp](), list[tuple[Any, ...]]()
        try:
            await self._load_plugins(self._make_tools(await self._load_modules()))
            for due in ({"module", "tool"}, {"plugin"}):
                self._stop_if_broken()
                await self._each("on_boot", about, due=due)
            await self._each("asgi_app", about, apps.append)
            await self._each("register_middleware", about, lambda new: layers.extend([(*m, owner.get()) for m in new]))
            for factory, _, part in sorted(layers if apps else [], key=lambda one: one[1])[::-1]:
                with self._blamed(part, "register_middleware"):
                    apps[0] = factory(apps[0])
            self.app = next(iter(apps), None)
            await self._each("describe", about, lambda new: self.system.facts.extend([*map(Fact._make, new)]))
            await self._each("check", about, lambda new: self.system.findings.extend([*map(Finding._make, new)]))
            if consume:
                self._problems += [Problem(str(one)) for one in self.system.findings if one.is_error]
                self._stop_if_broken()
                await self._each("on_ready", {})
            self._stop_if_broken()
        except BaseException:
            await self.shutdown()
            raise
        faulthandler.cancel_dump_traceback_later()

    async def shutdown(self) -> None:
        """Ask what booted to finish, in reverse order, then undo every registration; no failure stops this half-way."""
        self._timeout_s, self._watched_s, self._is_ending = self._settings.shutdown_timeout_s, 0.0, True
        await self._each("on_shutdown", {}, due={"ready"}, step=-1)
        for part in reversed(self._parts.values()):
            with self._blamed(part, "undo"):
                part.undo.close()
        faulthandler.cancel_dump_traceback_later()

    async def gather(self, hook: str, **arguments: Any) -> list[Answer]:
        """See `hookspecs.System`."""
        return [await self._call(hook, one, arguments) for one in self._hooks_of(hook)]

    # ------------------------------------------------------------ wiring: nothing here opens or starts anything

    async def _load_modules(self) -> list[wiring.Offer]:
        offers, about = list[wiring.Offer](), {"environ": self._environ}
        for part in wiring.modules(self._root, self._folders[0]):
            with self._blamed(part, "import"):
                self._register(part, module := importlib.import_module(part.module), module)
                if not part.file.endswith(".py") and wiring.plugin_class(module, part):
                    self.system.plugins.append(Part(part.name, part.file, module=part.module))
        await self._each("register_tools", about, lambda tools: offers.extend((tool, owner.get()) for tool in tools))
        return offers

    def _make_tools(self, offers: list[wiring.Offer]) -> dict[str, Any]:
        """Make the chosen tools; in a broken one's place stands the kernel, so that no plugin is blamed for it."""
        tools: dict[str, Any] = {tool.name: self for tool, _ in offers}
        for name in sorted(tools):
            part = Part(name, "", kind="tool")
            with self._blamed(part, "set-up"):
                tool, module = wiring.choose(name, offers, self._environ)
                part.file, part.contract, part.settings = module.file, tool.contract, tool.settings
                part.summary = wiring.summary(tool.contract)
                self.system.tools.append(part)
                if wiring.marked(specs := importlib.import_module(tool.contract.__module__), "spec"):
                    self._hooks.add_hookspecs(specs)
                tools[name] = made = tool.factory(self._environ)
                self._register(part, made, type(made))
        return tools

    async def _load_plugins(self, tools: dict[str, Any]) -> None:
        disabled = self._settings.plugins_disabled.replace(",", " ").split()
        self.system.plugins += wiring.plugins(self._root, self._folders[1])
        self.system.plugins.sort(key=lambda part: part.name)
        for part in self.system.plugins:
            if part.name in disabled:
                part.state = "disabled"
            else:
                with self._blamed(part, "import"):
                    await self._load_plugin(part, tools)

    async def _load_plugin(self, part: Part, tools: dict[str, Any]) -> None:
        await self._check_source(part)
        if (cls := wiring.plugin_class(importlib.import_module(part.module), part)) is None:
            raise Problem(f"{part} holds no plugin: mark a method of its one class with @hookimpl of hookspecs")
        part.summary, part.needs = wiring.summary(cls), wiring.needs(part, cls, tools)
        if all(tools[name] is not self for name in part.needs):
            given = {name: await self._wrapped(name, tools[name], part.name) for name in part.needs}
            with self._blamed(part, "__init__"):
                self._register(part, cls(**given), cls)

    async def _check_source(self, part: Part) -> None:
        file, wants = self._root / part.file, [arg for one in self._hooks_of("check_source") for arg in one.argnames]
        if wants and file.is_file():
            found, tree = list[Finding](), "tree" in wants and ast.parse(file.read_bytes(), str(file))
            await self._each("check_source", {"file": part.file, "tree": tree}, found.extend)
            self.system.findings += [one for one in found if not one.is_error]
            if errors := [str(one) for one in found if one.is_error]:
                raise Problem("; ".join(errors))

    async def _wrapped(self, name: str, tool: Any, plugin: str) -> Any:
        arguments = {"name": name, "tool": tool, "owner": plugin}
        await self._each("wrap_tool", arguments, lambda stand_in: arguments.update(tool=stand_in))
        return arguments["tool"]

    def _register(self, part: Part, thing: object, marks: object) -> None:
        hooks, known, key = wiring.marked(marks), vars(self._hooks.hook), f"{part.kind} {part}"
        for name in hooks:
            if name not in known:
                raise Problem(f"{part} marks {name!r} with @hookimpl, which is no hook: {guess(name, known, 'hooks')}")
            names = known[name].spec.argnames
            for spare in inspect.signature(getattr(thing, name)).parameters.keys() - {*names}:
                raise Problem(f"{part}: hook {name!r} has no argument {spare!r}: {guess(spare, names, 'arguments')}")
        self._hooks.register(thing, key)
        self._parts[key] = part
        if "on_boot" not in hooks:  # all its boot was to be made
            part.state, part.undo.sealed = "ready", LATE

    def _stop_if_broken(self) -> None:
        if self._problems:
            raise BootError("boot", self._problems)

    # ------------------------------------------------------------ calls and blame: every failure has one owner

    def _hooks_of(self, name: str) -> list[pluggy.HookImpl]:
        return list(getattr(self._hooks.hook, name).get_hookimpls())

    async def _call(self, hook: str, one: pluggy.HookImpl, arguments: Mapping[str, Any]) -> Answer:
        return await call(self._parts[one.plugin_name], hook, self._timeout_s, self._pool, self._root, one, arguments)

    async def _each(self, hook: str, arguments: Mapping[str, Any], take: Callable[[Any], object] = id, *,
                    due: Set[str] = frozenset(), step: int = 1) -> None:  # fmt: skip
        """Let `take` have what each implementation gives (of parts whose kind or state is due); who fails is broken."""
        for one in self._hooks_of(hook)[::step]:
            part = self._parts[one.plugin_name]
            if not due or due & {part.kind, part.state}:
                with self._blamed(part, hook):
                    answer = await self._call(hook, one, arguments)
                    if answer.error:
                        raise answer.error
                    part.state, part.undo.sealed = "ready", LATE
                    if answer.value is not None:
                        take(answer.value)

    @contextmanager
    def _blamed(self, part: Part, step: str) -> Iterator[None]:
        """Let `part` own what happens inside; when it fails, record that and take back whatever it registered."""
        token, started = owner.set(part), time.monotonic()
        if started > self._watched_s:  # a step that blocks the loop for good: print its stack, and exit
            self._watched_s = started + GRACE_S
            faulthandler.dump_traceback_later(self._timeout_s + 3 * GRACE_S, exit=True, file=2)
        try:
            yield
        except (Exception, SystemExit) as error:
            part.undo.close()
            problem = explain(part, step, error, self._root)
            part.state, part.error, part.undo.sealed = "broken", str(problem), LATE
            self._hooks.unregister(name=f"{part.kind} {part}")
            isolated = self._is_ending or (part.kind == "plugin" and self._settings.on_broken_plugin == "quarantine")
            (log.error if isolated else self._problems.append)(problem)
        finally:
            part.boot_ms += (time.monotonic() - started) * 1000
            owner.reset(token)
