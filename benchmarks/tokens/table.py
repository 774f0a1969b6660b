"""The table of README: generated, so that it tells what is true."""

from benchmarks.tokens.counting import Cost, Slice, cost, manifest_text, not_shown, tokens
from benchmarks.tokens.schools import FEATURES, ROOT, SCHOOLS

README = ROOT / "README.md"
BEGIN, END = "<!-- tokens: python -m benchmarks.tokens --write -->", "<!-- /tokens -->"
GOAL_TOKENS, GOAL_SHARE = 1600, 0.25
HEAD = """\
| | files touched (tests) | files read | tokens read | tokens written | sum | sum if all imports are read |
|---|--:|--:|--:|--:|--:|--:|
"""


def render(choice: Slice = "task") -> str:
    """Render a table a feature, and how the second feature stands to the goal."""
    parts = []
    for stage, feature in FEATURES.items():
        rows = [_row(school.title, cost(school.name, stage, choice)) for school in SCHOOLS.values()]
        whole = _row("this repository, all of AI_CONTEXT.md", cost("ours", stage, "whole"))
        parts.append(f"**{feature.capitalize()}**\n\n{HEAD}" + "".join([rows[0], whole, *rows[1:]]))
    return "\n".join([*parts, _goal(choice)])


def refreshed(text: str, choice: Slice = "task") -> str:
    """Give README's text with a fresh table between its markers.

    Raises:
        ValueError: the markers are not there.
    """
    start, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"README.md has no place for the table: add the lines {BEGIN} and {END}")
    return f"{start}{BEGIN}\n{render(choice)}{END}{after}"


def _row(title: str, one: Cost) -> str:
    counts = (one.read, one.tokens_read, one.tokens_written, one.total, one.total + one.tokens_more)
    return f"| {title} | {one.touched} ({one.tests}) | {' | '.join(f'{count:,}' for count in counts)} |\n"


def _goal(choice: Slice) -> str:
    ours, clean = (cost(school, "block", choice) for school in ("ours", "clean_architecture"))
    shares = [
        ours.of_the_goal / clean.of_the_goal,
        (ours.of_the_goal + ours.tokens_more) / (clean.of_the_goal + clean.tokens_more),
    ]
    unknown = ", ".join(f"`{call}`" for call in not_shown("block", choice))
    but = f"; neither these nor the neighbour show {unknown}, which the plugin calls" if unknown else ""
    return (
        f"The goal for the second feature, fixtures of tests left out: at most {GOAL_TOKENS:,} tokens and"
        f" {GOAL_SHARE} of clean architecture. It is {ours.of_the_goal:,} of {clean.of_the_goal:,}, {shares[0]:.2f},"
        f" and {shares[1]:.2f} if all imports are read. {tokens(manifest_text('block', choice)):,} of ours are the"
        f" manifest's{but}.\n"
    )
