import sys
from pathlib import Path

import pytest

from manifest.plain_text import message, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\n\x00b\x1b[31m\u2029c", "a b [31mc".replace("mc", "m c")),
        ("~~~ and ````", "''' and '''`"),
        ("[x](http://y) <a href>", "[x] (http://y) &lt;a href>"),
        ("1 < 2 -> 3", "1 < 2 -> 3"),
        ("\udc80\ufeffx", "x"),
        ("x" * 200, "x" * 159 + "…"),
    ],
    ids=["control", "fences", "markup", "arithmetic", "surrogate", "long"],
)
def test_text_keeps_its_words_and_loses_its_power(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_a_message_names_no_place_of_this_machine() -> None:
    text = f"/srv/app/domains/x.py and /opt/venv/lib/site-packages/httpx/a.py and {sys.base_prefix}/lib/os.py"

    assert message(text, Path("/srv/app"), {}) == "domains/x.py and site-packages/httpx/a.py and python/lib/os.py"


def test_short_settings_and_plain_words_are_no_secrets() -> None:
    environ = {"API_KEY": "no", "ENV": "production"}

    assert message("no production", Path("/x"), environ) == "no production"


def test_a_message_tells_no_secret_that_its_own_words_name() -> None:
    text = "no way in: password=hunter2 or {'api_key': 'abc'}, Authorization: x; the password is short"

    shown = message(text, Path("/x"), {})

    assert shown == (
        "no way in: password=[redacted] or {'api_key': [redacted] Authorization: [redacted] the password is short"
    )
