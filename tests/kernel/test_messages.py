"""What a boot says of each thing that can be wrong, whole."""

import pytest

from kernel.errors import BootError, Problem
from tests.kernel.throwaway import Project, offering

GREET = "shop.greet (domains/shop/plugins/greet.py)"


async def test_an_unknown_tool_is_named_with_the_nearest_one(project: Project) -> None:
    project.tool("clock")
    project.plugin("shop.greet", "def __init__(self, clok): pass\n@hookimpl\ndef on_boot(self): pass")

    assert await project.errors() == [
        f"{GREET} asks for tool 'clok', which nobody offers: did you mean 'clock'? (offered: board, clock)"
    ]


async def test_two_offers_of_one_name_without_a_choice_name_both_files(project: Project) -> None:
    project.tool("clock")
    project.module("sundial", "class Work: pass\n" + offering('Tool("clock", Work, None, lambda environ: Work())'))

    assert await project.errors() == [
        "tool 'clock' is offered by tools.clock (tools/clock/__init__.py) and tools.sundial "
        "(tools/sundial/__init__.py), and TOOL_CLOCK is '': use one of these (offered: tools.clock, tools.sundial)"
    ]


async def test_a_choice_that_nobody_offers_is_named_with_the_nearest_one(project: Project) -> None:
    project.tool("clock")
    project.environ["TOOL_CLOCK"] = f"{project.folders[0]}.clok"

    assert await project.errors() == [
        "tool 'clock' is offered by tools.clock (tools/clock/__init__.py), "
        "and TOOL_CLOCK is 'tools.clok': did you mean 'tools.clock'? (offered: tools.clock)"
    ]


async def test_a_thing_registered_twice_names_both_files(project: Project) -> None:
    project.plugin("shop.greet", "@hookimpl\ndef on_boot(self): self.board.pin('/a')")
    project.plugin("shop.hello", "@hookimpl\ndef on_boot(self): self.board.pin('/a')")

    assert await project.errors() == [
        "shop.hello (domains/shop/plugins/hello.py): on_boot failed: "
        f"ValueError: /a is pinned by {GREET} already (at domains/shop/plugins/hello.py:7)"
    ]


IMPORTS = {
    "syntax": ("def a(:\n", "SyntaxError: invalid syntax (at domains/shop/plugins/greet.py:2)"),
    "missing": (
        "import nowhere_at_all\n",
        "ModuleNotFoundError: No module named 'nowhere_at_all' (at domains/shop/plugins/greet.py:2)",
    ),
    "exit": ("raise SystemExit(7)\n", "SystemExit: 7 (at domains/shop/plugins/greet.py:2)"),
}  # fmt: skip


@pytest.mark.parametrize("case", IMPORTS)
async def test_a_file_that_does_not_import_is_named_with_its_line(project: Project, case: str) -> None:
    source, what = IMPORTS[case]
    project.file("shop.greet", source)

    assert await project.errors() == [f"{GREET}: import failed: {what}: correct that line, or delete the file"]


async def test_an_import_that_fails_in_a_third_file_names_that_file(project: Project) -> None:
    (project.root / project.folders[1]).mkdir()
    (project.root / project.folders[1] / "prices.py").write_text("PRICE = 1\nraise ImportError('no price list')\n")
    project.file("shop.greet", f"from {project.folders[1]} import prices\n")

    assert await project.errors() == [
        f"{GREET}: import failed: ImportError: no price list "
        "(at domains/prices.py:2): correct that line, or delete the file"
    ]


async def test_a_module_of_tools_that_does_not_import_is_named_with_its_line(project: Project) -> None:
    project.module("clock", "1 / 0\n")

    assert await project.errors() == [
        "tools.clock (tools/clock/__init__.py): import failed: ZeroDivisionError: division by zero "
        "(at tools/clock/__init__.py:2): correct that line, or delete the file"
    ]


async def test_a_module_whose_offer_fails_is_named(project: Project) -> None:
    project.module("clock", "@hookimpl\ndef register_tools():\n    raise OSError('no clock')\n")

    assert await project.errors() == [
        "tools.clock (tools/clock/__init__.py): register_tools failed: OSError: no clock (at tools/clock/__init__.py:4)"
    ]


async def test_a_file_without_a_plugin_is_named(project: Project) -> None:
    project.file("shop.greet", "class Greet: pass\n")

    assert await project.errors() == [
        f"{GREET} holds no plugin: mark a method of its one class with @hookimpl of hookspecs"
    ]


async def test_a_file_with_two_plugins_is_named(project: Project) -> None:
    one = "class {}:\n    @hookimpl\n    def on_ready(self): pass\n"
    project.file("shop.greet", one.format("Greet") + one.format("Hello"))

    assert await project.errors() == [
        f"{GREET} holds 2 plugins (Greet, Hello): one file is one feature, give each its own"
    ]


async def test_a_misspelt_hook_is_named_with_the_nearest_one(project: Project) -> None:
    project.plugin("shop.greet", "@hookimpl\ndef on_bot(self): pass")

    assert await project.errors() == [
        f"{GREET} marks 'on_bot' with @hookimpl, which is no hook: did you mean 'on_boot'? (hooks: asgi_app, check, "
        "check_health, check_source, describe, on_boot, on_ready, on_shutdown, register_commands, register_middleware, "
        "register_tools, wrap_tool)"
    ]


async def test_a_hooks_unknown_argument_is_named_with_the_nearest_one(project: Project) -> None:
    project.plugin("shop.greet", "@hookimpl\ndef on_boot(self, sistem): pass")

    assert await project.errors() == [
        f"{GREET}: hook 'on_boot' has no argument 'sistem': did you mean 'system'? (arguments: run, system)"
    ]


async def test_a_hook_that_raises_is_named_with_its_line(project: Project) -> None:
    project.plugin("shop.greet", "@hookimpl\nasync def on_boot(self):\n    raise OSError('no disk')")

    assert await project.errors() == [f"{GREET}: on_boot failed: OSError: no disk (at domains/shop/plugins/greet.py:8)"]


ANSWERS = {
    "a Fact, no list": ("describe", "Fact('gauge', 'shop.greet', 'n')", "Expected 6 arguments, got 5"),
    "a text among facts": ("describe", "[Fact('gauge', 'shop.greet', 'n'), 'n']", "Expected 6 arguments, got 1"),
    "a Finding, no list": ("check", "Finding('code', 'message')", "Expected 5 arguments, got 4"),
    "a Middleware, no list": (
        "register_middleware", "Middleware(lambda app: app)", "Value after * must be an iterable, not function"
    ),
    "a function as middleware": (
        "register_middleware", "[lambda app: app]", "Value after * must be an iterable, not function"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
async def test_a_hook_that_answers_with_what_it_must_not_is_named(project: Project, case: str) -> None:
    hook, answer, said = ANSWERS[case]
    project.plugin("shop.greet", f"@hookimpl\ndef {hook}(self): return {answer}")

    assert await project.errors() == [f"{GREET}: {hook} failed: TypeError: {said}"]


async def test_middleware_that_cannot_be_made_is_named(project: Project) -> None:
    project.tool("door", "@hookimpl\ndef asgi_app(self): return lambda scope, receive, send: None")
    project.plugin("shop.greet", "@hookimpl\ndef register_middleware(self): return [Middleware(int, 1)]")

    assert await project.errors() == [
        f"{GREET}: register_middleware failed: TypeError: int() argument must be a string, a bytes-like object or a "
        "real number, not 'function'"
    ]


async def test_one_class_under_two_names_is_one_plugin(project: Project) -> None:
    project.file("shop.greet", "class Greet:\n    @hookimpl\n    def on_boot(self): pass\n\nPlugin = Greet\n")

    kernel = await project.booted()

    assert project.part(kernel, "shop.greet").state == "ready"


async def test_a_constructor_that_raises_is_named_with_its_line(project: Project) -> None:
    project.plugin("shop.greet", "def __init__(self): raise OSError('no disk')\n@hookimpl\ndef on_ready(self): pass")

    assert await project.errors() == [
        f"{GREET}: __init__ failed: OSError: no disk (at domains/shop/plugins/greet.py:5)"
    ]


HANGING = "import asyncio, threading\n@hookimpl\n"
ENDLESS = "did not end within 0.05 s{}: bound what it waits for, or raise the time-out"


async def test_a_hook_that_hangs_is_named_with_the_line_where_it_waits(project: Project) -> None:
    project.plugin("shop.greet", HANGING + "async def on_boot(self):\n    await self.asyncio.Event().wait()")

    errors = await project.errors(boot_timeout_s=0.05)

    assert errors == [f"{GREET}: on_boot {ENDLESS.format(' (at domains/shop/plugins/greet.py:9)')}"]


async def test_a_def_hook_that_hangs_is_named(project: Project) -> None:
    project.plugin("shop.greet", HANGING + "def on_boot(self):\n    self.threading.Event().wait()")

    assert await project.errors(boot_timeout_s=0.05) == [f"{GREET}: on_boot {ENDLESS.format('')}"]


async def test_a_hook_that_swallows_its_cancellation_is_left_behind(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.call.GRACE_S", 0.05)
    project.plugin("shop.greet", HANGING + (
        "async def on_boot(self):\n"
        "    while 'the end' not in self.board.notes:\n"
        "        try: await self.asyncio.sleep(0.2)\n"
        "        except self.asyncio.CancelledError: pass\n"
    ))  # fmt: skip

    assert await project.errors(boot_timeout_s=0.05) == [f"{GREET}: on_boot {ENDLESS.format('')}"]
    project.board.note("the end")


async def test_a_set_up_that_raises_is_named(project: Project) -> None:
    project.tool("clock", "def __init__(self): raise OSError('no quartz')")

    assert await project.errors() == [
        "clock (tools/clock/__init__.py): set-up failed: OSError: no quartz (at tools/clock/__init__.py:5)"
    ]


async def test_nobody_is_blamed_for_asking_for_a_tool_that_is_broken(project: Project) -> None:
    project.tool("clock", "def __init__(self): raise OSError('no quartz')")
    project.plugin("shop.greet", "def __init__(self, clock): pass\n@hookimpl\ndef on_ready(self): pass")

    (error,) = await project.errors()

    assert error.startswith("clock (tools/clock/__init__.py): set-up failed")


async def test_a_setting_of_the_wrong_type_is_named(project: Project) -> None:
    project.module("clock", (
        "from msgspec import Struct, convert\n"
        "class Settings(Struct, rename='upper'):\n    clock_rate_s: float = 1\n"
        "class Work: pass\n"
    ) + offering('Tool("clock", Work, Settings, lambda given: convert(given, Settings, strict=False))'))  # fmt: skip
    project.environ["CLOCK_RATE_S"] = "abc"

    assert await project.errors() == [
        "clock (tools/clock/__init__.py): setting CLOCK_RATE_S is of the wrong type: Expected `float`, got `str`: "
        "correct the environment"
    ]


async def test_all_errors_are_shown_together(project: Project) -> None:
    project.tool("clock", "def __init__(self): raise OSError('no quartz')")
    project.file("shop.a", "import nowhere_at_all\n")
    project.file("shop.b", "")
    project.plugin("shop.c", "def __init__(self, clok): pass\n@hookimpl\ndef on_ready(self): pass")

    starts = [error.partition(" ")[0] for error in await project.errors()]

    assert starts == ["clock", "shop.a", "shop.b", "shop.c"]


async def test_all_plugins_whose_boot_fails_are_shown_together(project: Project) -> None:
    for name in ("shop.a", "shop.b", "shop.c"):
        project.plugin(name, "@hookimpl\ndef on_boot(self): raise OSError(3)")

    assert [error[:6] for error in await project.errors()] == ["shop.a", "shop.b", "shop.c"]


def test_a_boot_error_numbers_what_it_found() -> None:
    assert str(BootError("", [Problem("a")])) == "the boot stopped on 1 error:\n  1. a"
    assert str(BootError("", [Problem("a"), Problem("b")])) == "the boot stopped on 2 errors:\n  1. a\n  2. b"
