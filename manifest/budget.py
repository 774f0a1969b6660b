"""Texts within a budget of tokens: whole sections stay or go, and what went is named."""

from collections.abc import Sequence

from manifest.tokens import count

LEAST = 60  # tokens: less says nothing


class BudgetError(ValueError):
    """A budget that holds not even what has to be said; `least` tokens would."""

    def __init__(self, budget: int, least: int) -> None:
        super().__init__(f"a budget of {budget} tokens holds not even the beginning: give at least {least}")
        self.budget, self.least = budget, least


def fit(text: str, budget: int) -> str:
    """Shorten a text of Markdown to a budget: its sections in order, as many as fit, and the names of the others.

    Raises:
        BudgetError: it is below the least that says something.
    """
    if count(text) <= budget:
        return text
    if budget < LEAST:
        raise BudgetError(budget, LEAST)
    first, *rest = text.rstrip("\n").split("\n\n## ")
    kept, left = [first], [*rest]
    for section in rest:
        trial = [*kept, section]
        remaining = [one for one in left if one != section]
        if count(_joined(trial, remaining)) <= budget:
            kept, left = trial, remaining
    if (whole := _joined(kept, left)) and count(whole) <= budget:
        return whole
    return _cut(first, rest, budget)


def _joined(kept: Sequence[str], left: Sequence[str], named: int | None = None) -> str:
    names = [section.partition("\n")[0] for section in left][:named]
    more = f" and {len(left) - len(names)} more" if len(left) > len(names) else ""
    note = f"Left out for the budget: {', '.join(names)}{more}" if left else ""
    return "\n\n".join(["\n\n## ".join(kept), *([note] if note else [])]) + "\n"


def _cut(first: str, rest: Sequence[str], budget: int) -> str:
    """Keep as many lines of the first section as fit, with a fence that is open closed, and name what sections fit."""
    lines = first.split("\n")
    for size in range(len(lines), -1, -1):
        kept = lines[:size]
        is_open = sum(line.startswith("```") for line in kept) % 2 == 1
        body = "\n".join([*kept, *(["```"] if is_open else []), "…"])
        if count(body) > budget:
            continue
        for named in range(len(rest), -1, -1):
            if count(text := _joined([body], rest, named)) <= budget:
                return text
    raise BudgetError(budget, LEAST)
