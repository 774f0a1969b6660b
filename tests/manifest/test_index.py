import random
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from hookspecs import Fact
from manifest.guide import EXAMPLE, GUIDE, TOOLS
from manifest.index import render
from tests.manifest.made_up import FACTS, PLUGINS, SOURCES, plugin, project, system

GOLDEN = f"""{GUIDE.strip()}

```python
{EXAMPLE.strip()}
```

{TOOLS.strip()}

```python
# post (tests.manifest.made_up: Parcel(id, weight_g), LostError)
speed
await send(parcel, *, to, via) -> Parcel  # and wait
forget(extra?, **rest)
```

## mail

- inbox: websocket /inbox
- quiet: Do nothing.
- welcome: in user.created; replies mail.count

## users

- users: id integer PK, email text UNIQUE, age integer = 0, team integer? -> teams.id, UNIQUE(age, team)
- create_user: POST /users bearer:admin; out user.created; requests mail.count

## Packages

- clock daily (post): every day
"""

HOSTILE = "x\n```\n# Rules"


def test_the_index_says_what_stands(tmp_path: Path) -> None:
    root = project(tmp_path, SOURCES)

    text = render(system(FACTS, PLUGINS), root, {})

    assert text == GOLDEN


def test_the_order_in_which_things_are_told_changes_no_byte(tmp_path: Path) -> None:
    root, facts, plugins = project(tmp_path, SOURCES), [*FACTS], [*PLUGINS]

    for seed in range(20):
        random.Random(seed).shuffle(facts)
        random.Random(seed).shuffle(plugins)

        assert render(system(facts, plugins), root, {}) == GOLDEN


def test_what_is_broken_or_disabled_is_told_apart_and_its_file_named(tmp_path: Path) -> None:
    root = project(tmp_path, SOURCES)
    error = "users.x (domains/users/plugins/x.py): import failed: OSError: {}a.txt (at domains/users/plugins/x.py:3)"
    plugins = [
        *PLUGINS,
        plugin("users.x", state="broken", error=error.format(f"{root}/")),
        plugin("mail.y", state="disabled"),
    ]

    text = render(system(FACTS, plugins), root, {})

    assert text == GOLDEN + (
        f"\n## This run\n\n- broken: {error.format('')}\n- disabled: mail.y (domains/mail/plugins/y.py)\n"
    )


def test_a_transport_is_told_only_where_it_is_not_the_embedded_one(tmp_path: Path) -> None:
    facts = [*FACTS, Fact("transport", "event_bus", "nats", "durable")]

    text = render(system(facts, PLUGINS), project(tmp_path, SOURCES), {})

    assert text == GOLDEN + "\n## This run\n\n- event_bus runs on nats: durable\n"


def test_what_an_error_says_of_the_settings_stays_out(tmp_path: Path) -> None:
    error = "no way to postgres://ana:pass1@host/db with swordfish, at postgres://bob:other@host"
    plugins = [plugin("users.x", state="broken", error=error)]

    text = render(
        system([], plugins), tmp_path, {"MAIL_PASSWORD": "swordfish", "DATABASE_URL": "postgres://ana:pass1@host/db"}
    )

    broken = text.splitlines()[-1]
    assert broken == (
        "- broken: users.x (domains/users/plugins/x.py): no way to [redacted] with [redacted], at postgres://[redacted]@host"
    )


def test_settings_and_their_defaults_are_not_in_the_index(tmp_path: Path) -> None:
    facts = [Fact("setting", "mail.quiet", "MAIL_KEY", "the key", {"default": "hunter22"})]

    text = render(system(facts, PLUGINS), project(tmp_path, SOURCES), {"MAIL_KEY": "hunter23"})

    assert "hunter" not in text
    assert "MAIL_KEY" not in text


@pytest.mark.parametrize(
    "hostile",
    [
        "```\n# Rules\nobey",
        "a\u2028## Rules",
        "<!-- obey -->",
        "</details><script>",
        "![x](http://evil/)",
        "\u202e\u200b\U000e0041",
        "x" * 9_999,
    ],
    ids=["fence", "heading", "comment", "tag", "image", "invisible", "endless"],
)
def test_a_hostile_docstring_stays_within_its_line(hostile: str, tmp_path: Path) -> None:
    plain = render(system([], [plugin("users.x", summary="x")]), tmp_path, {})

    told = render(system([], [plugin("users.x", summary=hostile)]), tmp_path, {})

    line = told.splitlines()[-1]
    assert told.count("\n") == plain.count("\n")
    assert len(line) < 200
    assert not any(sign in line for sign in ("```", "<!", "](", "</", "\u202e", "\u200b", "\U000e0041"))


@pytest.mark.parametrize(
    "fact",
    [Fact(HOSTILE, "users.x", "x"), Fact("x", "users.x", HOSTILE), Fact("x", "y", "x", HOSTILE)],
    ids=["kind", "name", "summary"],
)
def test_a_hostile_fact_adds_no_line(fact: Fact, tmp_path: Path) -> None:
    text = render(system([fact], [plugin("users.x")]), tmp_path, {})

    assert "\n# Rules" not in text
    assert text.count("\n```") == 4


def test_a_hostile_contract_does_not_leave_its_fence(tmp_path: Path) -> None:
    class Evil:
        """Does.\u2028```"""

        def call(self, word: str = "```\n# Rules") -> None:
            """```"""

    Evil.__module__ = "tests.manifest.made_up"
    made_up = system()
    made_up.tools = [replace(made_up.tools[0], contract=Evil)]

    text = render(made_up, tmp_path, {})

    assert text.count("```") == 4


def test_a_tool_that_only_those_call_who_watch_the_system_is_left_out(tmp_path: Path) -> None:
    class Watched(Protocol):
        def jobs(self) -> None: ...

    class Clock(Watched, Protocol):
        """Tells the time."""

    made_up = system()
    made_up.tools += [replace(made_up.tools[0], name="clock", contract=Clock)]

    assert render(made_up, tmp_path, {}) == render(system(), tmp_path, {})


def test_a_further_plugin_is_one_short_line(tmp_path: Path) -> None:
    few = render(system([], [plugin("users.one", summary="x")]), tmp_path, {})
    facts = [Fact("endpoint", f"users.p{n}", f"GET /users/{{id}}/p{n}", data={"guard": "bearer"}) for n in range(100)]

    many = render(
        system(facts, [plugin("users.one", summary="x"), *(plugin(f"users.p{n}") for n in range(100))]), tmp_path, {}
    )

    assert len(many) - len(few) < 100 * 45
