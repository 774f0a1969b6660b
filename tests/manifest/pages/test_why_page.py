from pathlib import Path
from typing import Any

import pytest

from hookspecs import Answer, Finding, Part, System
from manifest.pages.why import render_why
from tests.manifest.made_up import FACTS, PLUGINS, SOURCES, plugin, project, system

RUNS = """# users.create_user (domains/users/plugins/create_user.py)

It runs (on scratch settings). POST /users: store a user.

## Asked for

- post: tools/post/__init__.py, tests.manifest.made_up.Post, {wrapped}

## Registered

- POST /users: bearer:admin -> 201
  - query notify: bool = True
  - header tenant: str
  - body NewUser {{email: str (3..80)}}
  - answer User {{id: int}}
  - 401: sign in
  - 409: a user with this email exists
- publishes user.created {{id, email}}; heard by mail.welcome {{email: str}}
- requests mail.count; heard by mail.welcome

## Findings

- warning: domains/users/plugins/create_user.py:2: it is odd [odd]
"""
BROKEN = """# users.late (domains/users/plugins/late.py)

It does not run: import failed: NameError: password=[redacted]

## Asked for

- post: tools/post/__init__.py, tests.manifest.made_up.Post, not wrapped
- clok: nobody offers it (offered: post)

## Registered

- nothing

## Findings

- none
"""
LATE = (
    "class Helper:\n    def __init__(self, other): ...\n\n\nclass Late:\n    def __init__(self, post, *, clok): ...\n"
)
LATE += "\n    @hookimpl\n    async def on_boot(self): ...\n"


def asking(standing: System, *answers: Answer) -> System:
    async def gather(hook: str, **arguments: Any) -> list[Answer]:
        assert hook == "wrap_tool" and arguments["name"] == "post" and hasattr(arguments["tool"], "send")
        return [*answers]

    standing.gather = gather
    return standing


@pytest.mark.parametrize(
    ("answers", "wrapped"),
    [
        ([], "not wrapped"),
        ([Answer("tracing", "t.py", None, None)], "not wrapped"),
        (
            [Answer("tracing", "t.py", object(), None), Answer("odd", "o.py", None, OSError())],
            "wrapped by tracing, odd",
        ),
    ],
    ids=["nobody wraps", "somebody wraps others", "two wrap it"],
)
async def test_what_runs_is_shown_with_what_it_got_and_registered(
    answers: list[Answer], wrapped: str, tmp_path: Path
) -> None:
    part = plugin("users.create_user", summary="POST /users: store a user.", needs=["post"])
    standing = asking(system(FACTS, [part, *PLUGINS[1:]]), *answers)
    standing.findings.append(Finding("odd", "it is odd", part.file, 2, is_error=False))
    standing.findings.append(Finding("odd", "it is odd", "another.py", 2))

    text, code = await render_why(standing, project(tmp_path, SOURCES), {}, part)

    assert (text, code) == (RUNS.format(wrapped=wrapped), 0)


async def test_what_is_broken_is_shown_with_its_error_and_what_its_source_asks_for(tmp_path: Path) -> None:
    root = project(tmp_path, {"domains/users/plugins/late.py": LATE})
    part = plugin("users.late", state="broken", error="import failed: NameError: password=hunter2-hunter2")

    assert await render_why(asking(system([], [part])), root, {}, part) == (BROKEN, 1)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("disabled", "It does not run: PLUGINS_DISABLED names it; take it out of that setting."),
        ("found", "It does not run: the boot ended before it was reached."),
    ],
)
async def test_what_was_never_booted_says_why(state: Any, said: str, tmp_path: Path) -> None:
    root = project(tmp_path, {"domains/users/plugins/late.py": "class Late(:"})
    part = plugin("users.late", state=state)

    text, code = await render_why(system([], [part]), root, {}, part)

    assert (text.splitlines()[2], code) == (said, 1)
    assert "## Asked for\n\n- nothing\n" in text


async def test_a_contract_that_cannot_be_stood_in_for_is_asked_about_too(tmp_path: Path) -> None:
    class Strict:
        def __new__(cls, needed: int) -> "Strict":
            return super().__new__(cls)

    asked = []

    async def gather(hook: str, **arguments: Any) -> list[Answer]:
        asked.append(type(arguments["tool"]))
        return []

    part = plugin("users.late", needs=["strict", "bare"])
    standing = system([], [part])
    standing.tools += [Part("strict", "s.py", contract=Strict), Part("bare", "b.py")]
    standing.gather = gather

    text, _ = await render_why(standing, tmp_path, {}, part)

    assert asked == [object, object]
    assert "- bare: b.py, not wrapped\n" in text
