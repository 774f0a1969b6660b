"""What a slice does not hold, and the command that has it: so that nobody takes it for the whole."""

from collections.abc import Collection, Iterator

from manifest.plain_text import plain
from manifest.slicing.graph import Key
from manifest.slicing.source import Source

MOST_NAMED = 6


def left_out(source: Source, held: Collection[Key], named: int = 0) -> list[str]:
    """List it by kind: how many, and the names of the `named` ones that are nearest to the task."""
    kinds = "; ".join(_kinds(source, held, named))
    unused = ", ".join(tool.name for tool in source.tools if ("tool", tool.name) not in held)
    lines = [f"- {kinds}: `python -m manifest show <domain>`"] if kinds else []
    return [*lines, *([f"- tools {plain(unused, 300)}: `python -m manifest tools <name>`"] if unused else [])]


def _kinds(source: Source, held: Collection[Key], named: int) -> Iterator[str]:
    for kind, title in (("table", "tables"), ("event", "events"), ("plugin", "features")):
        left = sorted((key for key in source.graph.things if key[0] == kind and key not in held),
                      key=lambda key: (-source.score[key], key))  # fmt: skip
        names = plain(", ".join(name for _, name in left[:named]), 400)
        more = len(left) - named
        if left and named:
            yield f"{title} {names}{f' and {more} more' if more > 0 else ''}"
        elif left:
            yield f"{len(left)} {title}"
