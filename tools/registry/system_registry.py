"""The registry: reads what the kernel keeps, and asks all at once how they are."""

import asyncio
from collections.abc import Iterable, Iterator
from contextvars import Context
from dataclasses import replace
from difflib import get_close_matches

from hookspecs import Answer, Fact, Finding, Part, System, Undo, hookimpl
from tools.registry.contract import Health
from tools.registry.settings import RegistrySettings


class SystemRegistry:
    """Keeps `Registry`."""

    def __init__(self, settings: RegistrySettings, disabled: Iterable[str] = ()) -> None:
        self._timeout_s, self._disabled = settings.registry_health_timeout_s, {*disabled}
        self._system: System | None = None
        self._probe: asyncio.Task[Health] | None = None

    @hookimpl
    async def on_boot(self, system: System) -> None:
        self._system = system

    @hookimpl
    def check(self, system: System) -> Iterator[Finding]:
        names = sorted(part.name for part in system.plugins)
        for name in sorted(self._disabled.difference(names)):
            near = "".join(f"did you mean {one!r}?" for one in get_close_matches(name, names, n=1))
            advice = f"{near or 'use one of these'} (plugins: {', '.join(names) or 'none'})"
            yield Finding("unknown-plugin", f"PLUGINS_DISABLED names {name!r}, which is no plugin: {advice}")

    @hookimpl
    async def on_shutdown(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait({self._probe})

    def tools(self) -> list[Part]:
        return [_copy(part) for part in self._booted().tools]

    def plugins(self) -> list[Part]:
        return [_copy(part) for part in self._booted().plugins]

    def facts(self, kind: str | None = None) -> list[Fact]:
        return [fact._replace(data=dict(fact.data)) for fact in self._booted().facts if kind in (None, fact.kind)]

    async def health(self) -> Health:
        if self._probe is None or self._probe.done():
            # In an empty context: the check belongs to all who wait for it, not to the first one's request.
            self._probe = asyncio.create_task(self._check(self._booted()), context=Context())
        return await asyncio.shield(self._probe)

    async def _check(self, system: System) -> Health:
        try:
            async with asyncio.timeout(self._timeout_s):
                answers = await system.gather("check_health")
        except TimeoutError:
            return _health(system, [], {"registry": f"the checks did not end within {self._timeout_s:g} s"})
        return _health(system, answers, {})

    def _booted(self) -> System:
        if self._system is None:
            raise RuntimeError("registry knows nothing yet, as the system still boots: ask it in `on_boot` or later")
        return self._system


def _copy(part: Part) -> Part:
    return replace(part, undo=Undo(f"{part.name} is read only here: register in a hook"), needs=tuple(part.needs))


def _health(system: System, answers: list[Answer], tools: dict[str, str]) -> Health:
    failed = {answer.owner: f"{type(answer.error).__name__}: {answer.error}" for answer in answers if answer.error}
    tools = {part.name: part.error or failed.get(part.name, "") for part in system.tools} | tools
    standing = [part for part in system.plugins if part.state != "disabled"]
    plugins = {part.name: part.error or failed.get(part.name, "") for part in standing}
    if any(tools.values()):
        return Health(status="unavailable", tools=tools, plugins=plugins)
    is_whole = not any(plugins.values()) and all(part.state != "broken" for part in standing)
    return Health(status="ready" if is_whole else "degraded", tools=tools, plugins=plugins)
