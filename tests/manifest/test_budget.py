import pytest

from manifest.budget import LEAST, BudgetError, fit
from manifest.tokens import count

TEXT = "# Index\n\n" + "\n".join(f"- rule {number} of the house" for number in range(20))
TEXT += "\n\n```python\n" + "\n".join(f"def example_{number}(): ..." for number in range(20)) + "\n```"
TEXT += "".join(f"\n\n## domain{number}\n\n" + "- a table: id, name\n" * number for number in range(1, 30))


def test_a_text_that_fits_is_left_alone() -> None:
    assert fit(TEXT, count(TEXT)) == TEXT


@pytest.mark.parametrize("budget", range(LEAST, 3_000, 97))
def test_a_budget_is_kept_fences_are_closed_and_something_is_said_to_be_missing(budget: int) -> None:
    text = fit(TEXT, budget)

    assert count(text) <= budget
    assert text.startswith("# Index\n")
    assert text.count("```") % 2 == 0
    assert "Left out for the budget: " in text


def test_sections_that_fit_are_kept_whole_and_the_others_are_named() -> None:
    text = "# All\n\nfirst\n\n## small\n\n- x\n\n## large\n\n" + "- y z\n" * 300 + "\n\n## last\n\n- v\n"

    assert fit(text, 80) == "# All\n\nfirst\n\n## small\n\n- x\n\n## last\n\n- v\n\nLeft out for the budget: large\n"


def test_a_budget_that_says_nothing_is_refused() -> None:
    with pytest.raises(BudgetError) as caught:
        fit(TEXT, LEAST - 1)

    assert str(caught.value) == "a budget of 59 tokens holds not even the beginning: give at least 60"
