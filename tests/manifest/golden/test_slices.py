"""A slice for one feature in the app of 200 plugins: at most 800 tokens, and all symbols that the feature needs."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
import tiktoken

from manifest import tokens
from tests.manifest.golden.app import write_app
from tests.manifest.golden.more_tasks import MORE_TASKS, UNSEEN_TASKS
from tests.manifest.golden.shipped_tasks import SHIPPED_TASKS
from tests.manifest.golden.slices import render_slices
from tests.manifest.golden.tasks import TASKS, Task
from tests.manifest.made_up import ROOT

BUDGET = 800
BUDGETS = (300, 500, 1_500)
ASKED = [(task.words, BUDGET) for task in (*TASKS, *MORE_TASKS, *UNSEEN_TASKS)]
OTHERS = [(task.words, budget) for task in TASKS for budget in BUDGETS]
ENCODING = tiktoken.get_encoding(tokens.ENCODING)


def count(text: str) -> int:
    return len(ENCODING.encode(text, disallowed_special=()))


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return render_slices(write_app(tmp_path_factory.mktemp("golden")), [*ASKED, *OTHERS])


def recall(tasks: Sequence[Task], texts: Sequence[str]) -> float:
    symbols = sum(len(task.symbols()) for task in tasks)
    missing = [(task.words, task.missing(text)) for task, text in zip(tasks, texts, strict=True)]
    found = 1 - sum(len(names) for _, names in missing) / symbols
    print(f"{found:.1%} of {symbols} symbols of {len(tasks)} tasks; missing:", [one for one in missing if one[1]])
    return found


@pytest.mark.parametrize("number", range(len(TASKS)), ids=[task.words for task in TASKS])
def test_a_slice_holds_all_that_its_task_needs(number: int, slices: Any) -> None:
    text = slices["counted"][number]["text"]

    print(count(text), "tokens")
    assert TASKS[number].missing(text) == []
    assert count(text) <= BUDGET


def test_a_slice_names_the_rules_a_file_to_read_and_what_it_leaves_out(slices: Any) -> None:
    for one in slices["counted"][: len(ASKED)]:
        assert re.search(r"\nRead `domains/\w+/plugins/\w+\.py`; then write `domains/\w+/plugins/", one["text"])
        assert "`guard=` or `public=True`" in one["text"]
        assert "## Left out\n" in one["text"] and " features" in one["text"]


@pytest.mark.parametrize(("first", "tasks"), [(len(TASKS), MORE_TASKS), (-len(UNSEEN_TASKS), UNSEEN_TASKS)],
                         ids=["written later", "never looked at"])  # fmt: skip
def test_tasks_that_came_later_find_nine_symbols_in_ten(first: int, tasks: tuple[Task, ...], slices: Any) -> None:
    texts = [one["text"] for one in slices["counted"][: len(ASKED)][first:][: len(tasks)]]

    assert recall(tasks, texts) >= 0.9


def test_without_the_tokenizer_slices_are_shorter_and_hold_nearly_as_much(slices: Any) -> None:
    texts = [one["text"] for one in slices["estimated"][: len(TASKS)]]

    assert max(map(count, texts)) <= BUDGET
    assert recall(TASKS, texts) >= 0.9


def test_the_same_words_give_the_same_bytes(slices: Any) -> None:
    assert slices["again"] == [one["text"] for one in slices["counted"]]


@pytest.mark.parametrize("how", ["counted", "estimated"])
def test_no_budget_is_exceeded(how: str, slices: Any) -> None:
    sizes = [(count(one["text"]), budget) for one, (_, budget) in zip(slices[how], [*ASKED, *OTHERS], strict=True)]

    assert [(size, budget) for size, budget in sizes if size > budget] == []


def test_the_estimate_is_below_the_tokenizer_s_count_for_no_text(slices: Any) -> None:
    texts = [one["text"] for how in ("counted", "estimated") for one in slices[how]] + slices["pages"]

    shares = [tokens.estimate(text) / count(text) for text in texts]

    print(f"{len(texts)} texts: estimate / count from {min(shares):.3f} to {max(shares):.3f}")
    assert min(shares) >= 1
    assert max(shares) <= 1.25


def test_choosing_a_slice_takes_less_than_booting(slices: Any) -> None:
    fastest = min(one["seconds"] for one in slices["counted"][: len(ASKED)])

    print(f"{fastest * 1000:.0f} ms")
    assert fastest < 0.5


def test_tasks_for_the_shipped_app_are_served_as_well() -> None:
    asked = [(task.words, BUDGET) for task in SHIPPED_TASKS]

    texts = [one["text"] for one in render_slices(ROOT, asked)["counted"]]

    assert max(map(count, texts)) <= BUDGET
    assert recall(SHIPPED_TASKS, texts) >= 0.95
