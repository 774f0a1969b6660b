"""The order of a boot and a shutdown, what a hook may give and take, and what is left of what broke."""

import asyncio
import logging
from pathlib import Path

import pytest

from hookspecs import PROJECT, Part, owner
from kernel.boot import Kernel
from kernel.errors import BootError
from manifest import KernelSettings
from tests.kernel.throwaway import Project, offering

ALL_HOOKS = """
@hookimpl
async def {prefix}on_boot(self): self.board.note('boot {name}')
@hookimpl
def {prefix}on_ready(self): self.board.note('ready {name}')
@hookimpl
async def {prefix}on_shutdown(self): self.board.note('shutdown {name}')
"""
FAILS = "@hookimpl\nasync def on_boot(self): raise OSError('no disk')"
BOOTS = "@hookimpl\nasync def on_boot(self): pass\n"


def noting(name: str) -> str:
    return ALL_HOOKS.format(name=name, prefix="")


def tool(project: Project, name: str, body: str) -> None:
    """Write a tool whose `self.board` is the board."""
    init = "def __init__(self, board): self.board = board\n"
    source = "class Work:\n" + "".join(f"    {line}\n" for line in (init + body).splitlines())
    project.module(name, source + offering(f'Tool("{name}", Work, None, lambda environ: Work(environ["BOARD"]))'))


async def test_tools_boot_before_plugins_each_in_name_order_and_all_shut_down_in_reverse(project: Project) -> None:
    for name in ("zebra", "ape"):
        tool(project, name, noting(name))
    for name in ("b.two", "a.one", "b.one"):
        project.plugin(name, noting(name))

    kernel = await project.booted()
    await kernel.shutdown()

    names = ["ape", "zebra", "a.one", "b.one", "b.two"]
    steps = [f"{step} {name}" for step in ("boot", "ready") for name in names]
    assert project.board.notes == steps + [f"shutdown {name}" for name in reversed(names)]


async def test_a_module_boots_first_and_may_be_told_of_every_step(project: Project) -> None:
    hooks = "".join(
        f"@hookimpl\ndef {hook}(): notes.append('{hook}')\n" for hook in ("on_boot", "on_ready", "on_shutdown")
    )
    project.module("rules", f"notes = []\n{hooks}")

    kernel = await project.booted()
    await kernel.shutdown()

    module = __import__(f"{project.folders[0]}.rules").rules
    assert module.notes == ["on_boot", "on_ready", "on_shutdown"]


async def test_what_booted_is_shut_down_when_a_later_boot_fails(project: Project) -> None:
    tool(project, "clock", noting("clock"))
    project.plugin("shop.a", noting("a"))
    project.plugin("shop.b", FAILS + "\n@hookimpl\ndef on_shutdown(self): self.board.note('shutdown b')")
    project.plugin("shop.c", noting("c"))

    await project.errors()

    assert project.board.notes == ["boot clock", "boot a", "boot c", "shutdown c", "shutdown a", "shutdown clock"]


async def test_what_has_not_booted_yet_is_not_shut_down(project: Project) -> None:
    tool(project, "clock", "@hookimpl\ndef on_boot(self): raise OSError(3)")
    project.plugin("shop.a", noting("a"))

    await project.errors()

    assert project.board.notes == []


async def test_plugins_do_not_boot_on_a_broken_tool(project: Project) -> None:
    tool(project, "clock", "@hookimpl\ndef on_boot(self): raise OSError(3)")
    project.plugin("shop.a", noting("a"))

    await project.errors(on_broken_plugin="quarantine")

    assert project.board.notes == []


async def test_a_shutdown_goes_on_after_one_that_fails_or_hangs(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.plugin("shop.a", noting("a"))
    project.plugin("shop.b", "@hookimpl\ndef on_shutdown(self): raise OSError('no disk')")
    project.plugin(
        "shop.c", "import asyncio\n@hookimpl\nasync def on_shutdown(self): await self.asyncio.Event().wait()"
    )
    kernel = await project.booted(shutdown_timeout_s=0.05)
    caplog.clear()

    await kernel.shutdown()

    assert project.board.notes[-1] == "shutdown a"
    c, b = [project.plain(record.message).partition(": bound")[0] for record in caplog.records]
    assert c.endswith("c.py): on_shutdown did not end within 0.05 s (at domains/shop/plugins/c.py:8)")
    assert b.endswith("b.py): on_shutdown failed: OSError: no disk (at domains/shop/plugins/b.py:7)")


async def test_a_shutdown_undoes_every_registration(project: Project) -> None:
    project.plugin("shop.a", "@hookimpl\nasync def on_boot(self): self.board.pin('/a')")
    kernel = await project.booted()
    assert "/a" in project.board.pinned

    await kernel.shutdown()

    assert project.board.pinned == {}


async def test_an_undo_that_fails_does_not_keep_the_others_from_their_end(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.plugin("shop.a", "@hookimpl\nasync def on_boot(self): self.board.pin('/a')")
    project.plugin("shop.b", "@hookimpl\nasync def on_boot(self): owner.get().undo.callback(int, 'x')")
    kernel = await project.booted()

    await kernel.shutdown()

    assert project.board.pinned == {}
    assert project.plain(caplog.records[-1].message) == (
        "shop.b (domains/shop/plugins/b.py): undo failed: ValueError: invalid literal for int() with base 10: 'x'"
    )


async def test_a_cancelled_boot_shuts_down_what_booted(project: Project) -> None:
    waits = "async def on_boot(self):\n    self.board.note('waits')\n    await __import__('asyncio').Event().wait()"
    tool(project, "clock", noting("clock"))
    project.plugin("shop.a", "@hookimpl\n" + waits)
    boot = asyncio.create_task(project.kernel().boot())
    while project.board.notes != ["boot clock", "waits"]:
        await asyncio.sleep(0)

    boot.cancel()
    with pytest.raises(asyncio.CancelledError):
        await boot

    assert project.board.notes[-1] == "shutdown clock"


# ---------------------------------------------------------------- states


async def test_every_part_is_ready_after_the_boot_whatever_its_hooks(project: Project) -> None:
    tool(project, "clock", "")
    project.plugin("shop.commands", "@hookimpl\ndef register_commands(self): return []")
    project.plugin("shop.last", "@hookimpl\ndef on_shutdown(self): self.board.note('shutdown last')")
    project.plugin("shop.off", noting("off"))
    project.plugin("shop.torn", FAILS)

    kernel = await project.booted(on_broken_plugin="quarantine", plugins_disabled="shop.off")
    await kernel.shutdown()

    states = {part.name: part.state for part in [*kernel.system.tools, *kernel.system.plugins]}
    assert states == {"board": "ready", "clock": "ready", "shop.commands": "ready", "shop.last": "ready",
                      "shop.off": "disabled", "shop.torn": "broken"}  # fmt: skip
    assert project.board.notes == ["shutdown last"]


async def test_a_part_knows_its_file_summary_needs_and_boot_time(project: Project) -> None:
    tool(project, "clock", noting("clock"))
    body = '"""Greet.\n\nMore."""\ndef __init__(self, clock, board, *rest, **more): self.board = board\n'
    project.plugin("shop.greet", body + noting("greet"))

    kernel = await project.booted()

    greet, clock = project.part(kernel, "shop.greet"), project.part(kernel, "clock")
    assert (project.plain(greet.file), greet.summary) == ("domains/shop/plugins/greet.py", "Greet.")
    assert (greet.needs, greet.kind, clock.kind) == (["clock", "board"], "plugin", "tool")
    assert greet.boot_ms > 0
    assert kernel.system.domains == [project.root / project.folders[1] / "shop"]


async def test_the_choice_of_a_tool_leaves_the_other_one_unmade(project: Project) -> None:
    tool(project, "clock", noting("clock"))
    project.module("sundial", "class Work: pass\n" + offering('Tool("clock", Work, None, lambda environ: Work())'))
    project.environ["TOOL_CLOCK"] = f"{project.folders[0]}.sundial"

    kernel = await project.booted()

    assert project.plain(project.part(kernel, "clock").file) == "tools/sundial/__init__.py"
    assert project.board.notes == []


# ---------------------------------------------------------------- quarantine and registration


async def test_quarantine_undoes_what_the_broken_plugin_registered_and_serves_the_rest(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.plugin(
        "shop.a", "@hookimpl\nasync def on_boot(self):\n    self.board.pin('/a')\n    raise OSError('no disk')"
    )
    project.plugin("shop.b", "@hookimpl\nasync def on_boot(self): self.board.pin('/a')")

    kernel = await project.booted(on_broken_plugin="quarantine")

    assert project.board.pinned["/a"].name == "shop.b"
    error = "shop.a (domains/shop/plugins/a.py): on_boot failed: OSError: no disk (at domains/shop/plugins/a.py:9)"
    assert project.plain(project.part(kernel, "shop.a").error) == error
    logged = [project.plain(one.message) for one in caplog.records if one.levelno == logging.ERROR]
    assert logged == [error]


async def test_quarantine_undoes_what_a_constructor_registered(project: Project) -> None:
    body = "def __init__(self, board):\n    board.pin('/a')\n    raise OSError\n"
    project.plugin("shop.a", body + BOOTS)

    await project.booted(on_broken_plugin="quarantine")

    assert project.board.pinned == {}


async def test_quarantine_keeps_a_plugin_out_of_every_later_hook(project: Project) -> None:
    later = "@hookimpl\ndef on_ready(self): self.board.note('ready')\n@hookimpl\ndef check_health(self): pass\n"
    project.plugin("shop.a", later + FAILS)

    kernel = await project.booted(on_broken_plugin="quarantine")

    assert project.board.notes == []
    assert await kernel.gather("check_health") == []


@pytest.mark.parametrize("hook", ["describe", "check", "on_ready", "register_middleware", "asgi_app"])
async def test_a_plugin_that_fails_in_a_later_hook_is_isolated_too(project: Project, hook: str) -> None:
    registering = "@hookimpl\ndef on_boot(self): self.board.pin('/a')\n"
    project.plugin("shop.a", registering + f"@hookimpl\ndef {hook}(self): raise OSError('no disk')")

    kernel = await project.booted(on_broken_plugin="quarantine")

    assert project.part(kernel, "shop.a").state == "broken"
    assert project.board.pinned == {}


LATE = "registered after its hook had ended: call it in `on_boot`, and await what you start there"


async def test_a_late_registration_is_refused(project: Project) -> None:
    project.plugin("shop.a", (
        "@hookimpl\nasync def on_boot(self):\n"
        "    import asyncio\n"
        "    self.board.gate = asyncio.Event()\n"
        "    self.board.task = asyncio.create_task(self.register())\n"
        "async def register(self):\n"
        "    await self.board.gate.wait()\n"
        "    self.board.pin('/a')\n"
    ))  # fmt: skip
    await project.booted()
    project.board.gate.set()  # type: ignore[attr-defined]

    with pytest.raises(RuntimeError) as refused:
        await project.board.task  # type: ignore[attr-defined]

    assert str(refused.value) == LATE
    assert project.board.pinned == {}


async def test_what_a_plugin_without_a_boot_left_behind_may_not_register_later(project: Project) -> None:
    project.plugin("shop.a", "@hookimpl\ndef on_shutdown(self): self.board.pin('/a')")
    kernel = await project.booted()

    await kernel.shutdown()

    assert project.board.pinned == {}


def test_a_registration_outside_a_hook_is_refused(project: Project) -> None:
    with pytest.raises(RuntimeError) as refused:
        project.board.pin("/a")

    assert str(refused.value) == "registered outside a hook: call it in `on_boot`"
    assert project.board.pinned == {}


async def test_the_owner_is_back_to_nobody_after_the_boot(project: Project) -> None:
    project.plugin("shop.a", BOOTS)

    await project.booted()

    assert owner.get().name == ""


# ---------------------------------------------------------------- what hooks are given and give


async def test_a_parameter_with_a_default_is_optional(project: Project) -> None:
    init = "def __init__(self, board, clock=None, *rest, **more): self.board, self.clock = board, clock\n"
    project.plugin("shop.a", init + "@hookimpl\ndef on_ready(self): self.board.note(self.clock)")

    await project.booted()

    assert project.board.notes == [None]


async def test_a_parameter_with_a_default_gets_its_tool_where_there_is_one(project: Project) -> None:
    project.tool("clock", "time = 5")
    init = "def __init__(self, board, clock=None): self.board, self.clock = board, clock\n"
    project.plugin("shop.a", init + "@hookimpl\ndef on_ready(self): self.board.note(self.clock.time)")

    await project.booted()

    assert project.board.notes == [5]


DESCRIBE = {
    "def": "def describe(self): return [Fact('k', 'o', 'a'), Fact('k', 'o', 'b')]",
    "generator": "def describe(self):\n    yield Fact('k', 'o', 'a')\n    yield Fact('k', 'o', 'b')",
    "async def": "async def describe(self): return [Fact('k', 'o', 'a'), Fact('k', 'o', 'b')]",
    "awaitable": "def describe(self): return self.later()\n"
                 "async def later(self): return [Fact('k', 'o', 'a'), Fact('k', 'o', 'b')]",
}  # fmt: skip


@pytest.mark.parametrize("shape", DESCRIBE)
async def test_a_hook_may_be_written_in_any_shape(project: Project, shape: str) -> None:
    project.plugin("shop.a", "@hookimpl\n" + DESCRIBE[shape])

    kernel = await project.booted()

    assert [fact.name for fact in kernel.system.facts] == ["a", "b"]


async def test_a_hook_that_gives_what_is_no_list_is_named(project: Project) -> None:
    project.plugin("shop.a", "@hookimpl\ndef describe(self): return 5")

    (error,) = await project.errors()

    assert error == "shop.a (domains/shop/plugins/a.py): describe failed: TypeError: 'int' object is not iterable"


async def test_a_def_hook_runs_off_the_loop(project: Project) -> None:
    body = "import threading\n@hookimpl\ndef on_boot(self): self.board.note(self.threading.current_thread().daemon)"
    project.plugin("shop.a", body)

    await project.booted()

    assert project.board.notes == [True]


async def test_on_boot_gets_the_system_and_the_pool(project: Project) -> None:
    project.plugin("shop.a", (
        "@hookimpl\nasync def on_boot(self, run, system):\n"
        "    self.board.note([part.name for part in system.tools])\n"
        "    self.board.note(await run(max, 2, 5))\n"
    ))  # fmt: skip

    await project.booted()

    assert project.board.notes == [["board"], 5]


async def test_the_first_answer_serves_inside_the_middleware_lowest_order_outermost(project: Project) -> None:
    app = "async def serve(self): pass\n@hookimpl\ndef asgi_app(self, system): return {!r}"
    project.tool("a", app.format("first"))
    project.tool("b", app.format("second"))
    around = "@hookimpl\ndef register_middleware(self): return [Middleware(lambda app: '{0}(' + app + ')', {1})]"
    for name, order in (("outer", -5), ("inner", 7), ("same", 0), ("then", 0)):
        project.plugin(f"shop.{name}", around.format(name, order))

    kernel = await project.booted()

    assert kernel.app == "outer(same(then(inner(first))))"  # type: ignore[comparison-overlap]


async def test_each_stand_in_wraps_the_one_before_and_is_for_one_plugin(project: Project) -> None:
    stand_in = (
        "@hookimpl\ndef wrap_tool(name, tool, owner):\n    return ('{0}', tool, owner) if name == 'clock' else None\n"
    )
    project.tool("clock")
    for name in ("w1", "w2"):
        project.module(name, stand_in.format(name))
    project.plugin("shop.a", "def __init__(self, clock, board): board.note(clock)\n@hookimpl\ndef on_ready(self): pass")

    await project.booted()

    ((outer, inner, owner_name),) = project.board.notes
    assert (outer, inner[0], inner[2], owner_name) == ("w2", "w1", "shop.a", "shop.a")
    assert type(inner[1]).__name__ == "Work"


async def test_a_stand_in_may_be_empty(project: Project) -> None:
    project.tool("clock")
    project.module("wrapper", "@hookimpl\ndef wrap_tool(name): return () if name == 'clock' else None\n")
    project.plugin("shop.a", "def __init__(self, clock, board): board.note(clock)\n@hookimpl\ndef on_ready(self): pass")

    await project.booted()

    assert project.board.notes == [()]


async def test_a_tool_whose_property_raises_is_registered(project: Project) -> None:
    torn = "@property\ndef torn(self): raise OSError('evaluated')\n"
    project.tool("clock", torn + "@hookimpl\ndef describe(self): return [Fact('k', 'o', 'a')]")

    kernel = await project.booted()

    assert [fact.name for fact in kernel.system.facts] == ["a"]


# ---------------------------------------------------------------- rules


RULE = """
@hookimpl
def check_source(file, tree):
    return [Finding('no-{grade}', 'has no docstring', file, 3, {error})]
"""


async def test_an_error_of_a_rule_on_source_keeps_the_file_from_running(project: Project) -> None:
    project.module("rules", RULE.format(grade="doc", error=True))
    project.file("shop.a", "open(__file__ + '.ran', 'w').close()\n")

    errors = await project.errors()

    assert errors == ["domains/shop/plugins/a.py:3: has no docstring [no-doc]"]
    assert not [*Path(project.root).rglob("*.ran")]


async def test_a_warning_of_a_rule_on_source_stands(project: Project) -> None:
    project.module("rules", RULE.format(grade="doc", error=False))
    project.plugin("shop.a", BOOTS)

    kernel = await project.booted()

    assert [project.plain(str(one)) for one in kernel.system.findings] == [
        "domains/shop/plugins/a.py:3: has no docstring [no-doc]"
    ]


async def test_a_syntax_error_is_named_with_its_line_under_a_rule_too(project: Project) -> None:
    project.module("rules", RULE.format(grade="doc", error=False))
    project.file("shop.a", "def a(:\n")

    assert await project.errors() == [
        "shop.a (domains/shop/plugins/a.py): import failed: SyntaxError: invalid syntax "
        "(at domains/shop/plugins/a.py:2): correct that line, or delete the file"
    ]


async def test_a_rule_that_raises_is_named_itself(project: Project) -> None:
    project.module("rules", "@hookimpl\ndef check_source(file): raise OSError('no rules')\n")
    project.plugin("shop.a", BOOTS)

    assert await project.errors() == [
        "tools.rules (tools/rules/__init__.py): check_source failed: OSError: no rules (at tools/rules/__init__.py:3)"
    ]


CHECK = "@hookimpl\ndef check(self, system):\n    return [Finding('few', 'too few tools', '', 0, {error})]"


async def test_an_error_of_a_rule_on_what_stands_stops_the_boot(project: Project) -> None:
    project.plugin("shop.a", CHECK.format(error=True) + "\n@hookimpl\ndef on_ready(self): self.board.note('ready')")

    assert await project.errors() == ["too few tools [few]"]
    assert project.board.notes == []


async def test_a_boot_that_does_not_consume_stops_before_on_ready_and_keeps_its_findings(project: Project) -> None:
    project.plugin("shop.a", CHECK.format(error=True) + "\n@hookimpl\ndef on_ready(self): self.board.note('ready')")
    kernel = project.kernel()

    await kernel.boot(consume=False)

    assert [finding.code for finding in kernel.system.findings] == ["few"]
    assert project.board.notes == []


# ---------------------------------------------------------------- gather


async def test_gather_answers_for_each_implementation_with_its_owner(project: Project) -> None:
    project.plugin("shop.a", "@hookimpl\ndef check_health(self): pass")
    project.plugin("shop.b", "@hookimpl\nasync def check_health(self): raise OSError('no disk')")
    kernel = await project.booted()

    a, b = await kernel.system.gather("check_health")

    assert (a.owner, project.plain(a.file), a.value, a.error) == ("shop.a", "domains/shop/plugins/a.py", None, None)
    assert b.owner == "shop.b"
    assert project.plain(str(b.error)) == (
        "shop.b (domains/shop/plugins/b.py): check_health failed: OSError: no disk (at domains/shop/plugins/b.py:7)"
    )


async def test_a_tool_may_specify_a_hook_of_its_own_and_gather_it_in_its_boot(project: Project) -> None:
    contract = "import pluggy\n@pluggy.HookspecMarker('microcoreos')\ndef register_shelves(size): ...\n"
    work = "class Work:\n    @hookimpl\n    async def on_boot(self, system):\n        self.got = await system.gather('register_shelves', size=3)\n"  # noqa: E501
    project.module("store", contract + work + offering('Tool("store", Work, None, lambda environ: Work())'))
    project.plugin("shop.a", (
        "def __init__(self, board, store): self.board, self.store = board, store\n"
        "@hookimpl\ndef register_shelves(self, size): return [size]\n"
        "@hookimpl\ndef on_ready(self): self.board.note([one.value for one in self.store.got])\n"
    ))  # fmt: skip

    await project.booted()

    assert project.board.notes == [[[3]]]


# ---------------------------------------------------------------- several systems, no project


async def test_two_systems_stand_side_by_side(project: Project) -> None:
    project.plugin("shop.a", "@hookimpl\ndef on_boot(self, system): self.board.note(system)")

    first, second = await project.booted(), await project.booted()

    assert project.board.notes == [first.system, second.system]


async def test_an_empty_folder_boots(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, {}, KernelSettings())

    await kernel.boot()

    assert (kernel.app, kernel.system.tools, kernel.system.domains) == (None, [], [])


def test_the_words_of_the_marker_are_the_projects() -> None:
    assert (PROJECT, Part("a", "b.py").state, issubclass(BootError, ExceptionGroup)) == ("microcoreos", "found", True)
