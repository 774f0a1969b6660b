from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from hookspecs import Fact
from manifest.settings_table import render_settings
from tests.manifest.made_up import FACTS, system


class PostSettings(Struct, frozen=True, rename="upper", kw_only=True):
    post_stamp: Annotated[str, Meta(description="glued on | in front")]
    post_speed: Annotated[float, Meta(description="in m/s", gt=0, le=1000)] = 1.5
    post_way: Literal["air", "sea"] = "sea"
    post_box: str | None = None
    post_open: bool = True
    post_codes: list[str] = field(default_factory=lambda: ["a"])


def test_the_table_has_a_row_for_each_setting_by_owner_and_name() -> None:
    made_up = system(FACTS)
    made_up.tools[0].settings = PostSettings

    rows = [
        line
        for line in render_settings(made_up).splitlines()
        if line.startswith("| ") and not line.startswith(("| kernel", "| manifest"))
    ]

    assert rows == [
        "| of | variable | type | default | meaning |",
        "| mail.welcome | `MAIL_SENDER` | str | empty | who writes |",
        "| post | `POST_BOX` | str | none |  |",
        "| post | `POST_CODES` | list[str] | `['a']` |  |",
        "| post | `POST_OPEN` | bool | `true` |  |",
        "| post | `POST_SPEED` | float > 0, <= 1,000 | `1.5` | in m/s |",
        r"| post | `POST_STAMP` | str | required | glued on \| in front |",
        "| post | `POST_WAY` | `air` or `sea` | `sea` |  |",
    ]


def test_settings_that_two_plugins_tell_alike_keep_both_owners() -> None:
    facts = [
        Fact("setting", owner, "KEY", "", {"type": "str", "default": None, "required": True})
        for owner in ("b", "a", "a")
    ]

    text = render_settings(system(facts))

    assert text.index("| a | `KEY` | str | required |") < text.index("| b | `KEY` | str | required |")
    assert text.count("| a | `KEY`") == 1
