"""Every hook is described, documented and tested; docs/hooks.md is written by `python -m tests.test_hooks`."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hookspecs

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "hooks.md"
HEAD = """# Hooks

Every point at which a module, a tool or a plugin joins, in the order of the calls. `hookspecs.py` is the source of
this page: `python -m tests.test_hooks` writes it. How to write one: `from hookspecs import hookimpl`, mark a
method, and name only the arguments that you want. `def`, `async def` and generators work alike; one that hangs,
raises or takes an unknown argument is named with its file. A *module* is `tools/<name>/__init__.py`, or what an
entry point in the group `microcoreos` names.

| hook | who, when, what |
|---|---|
"""


def hooks() -> dict[str, Callable[..., Any]]:
    """Find the hooks that hookspecs.py specifies, in its order."""
    specified = {one for one in vars(hookspecs).values() if hasattr(one, f"{hookspecs.PROJECT}_spec")}
    assert specified == {*hookspecs.HOOKS}
    return {hook.__name__: hook for hook in hookspecs.HOOKS}


def page() -> str:
    """Render docs/hooks.md."""
    return HEAD + "".join(f"| `{signature(hook)}` | {inspect.getdoc(hook)} |\n" for hook in hooks().values())


def signature(hook: Callable[..., Any]) -> str:
    source = inspect.getsource(hook).splitlines()[0].partition(":  #")[0].removeprefix("def ").removesuffix(":")
    return source.removesuffix(" -> None").replace("|", "\\|")


@pytest.mark.parametrize("name", hooks())
def test_a_hook_says_who_joins_when(name: str) -> None:
    doc = inspect.getdoc(hooks()[name]) or ""

    assert doc.startswith(("Module", "Tool", "Anyone"))
    assert doc.endswith(".")


@pytest.mark.parametrize("name", hooks())
def test_a_hook_is_used_in_a_test_of_the_kernel(name: str) -> None:
    tests = "".join(file.read_text() for file in (ROOT / "tests" / "kernel").glob("*.py"))

    assert f"{name}(" in tests


def test_the_page_of_hooks_is_what_hookspecs_says() -> None:
    assert PAGE.read_text() == page()


if __name__ == "__main__":
    PAGE.write_text(page())
