"""Rules on plugins' source, read before it runs, and on what stands; docs/rules.md lists them. Offers no tool.

register_tools (which settings)  ->  check_source (a file at a time)  ->  describe (waivers)  ->  check (files together)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from hookspecs import Fact, Finding, Part, System, Tool, hookimpl, owner

if TYPE_CHECKING:
    from tools.rules.rulebook import Rulebook

# by what this module is in each kernel; none in production, where source is not read
_rulebooks: WeakKeyDictionary[Part, Rulebook] = WeakKeyDictionary()


@hookimpl
async def register_tools(environ: Mapping[str, str]) -> Iterable[Tool]:
    if environ.get("ENV", "development") == "development":
        from tools.rules.rulebook import Rulebook

        _rulebooks[owner.get()] = Rulebook()
    return ()


@hookimpl
async def check_source(file: str) -> Iterable[Finding]:
    rulebook = _rulebooks.get(owner.get())
    return rulebook.check_source(file) if rulebook else ()


@hookimpl
async def describe() -> Iterable[Fact]:
    rulebook = _rulebooks.get(owner.get())
    return rulebook.waivers() if rulebook else ()


@hookimpl
async def check(system: System) -> Iterable[Finding]:
    rulebook = _rulebooks.get(owner.get())
    return rulebook.check(system) if rulebook else ()
