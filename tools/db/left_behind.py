"""What a statement would leave on its connection for whoever has it next: only one's own transaction may see it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from tools.db.tokens import Token

_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})
_BEFORE_KIND = frozenset({"OR", "REPLACE", "LOCAL", "GLOBAL", "TEMP", "TEMPORARY"})
_ENDS_WITH_TRANSACTION = ["ON", "COMMIT", "DROP"]
_LOCKS = frozenset(
    {"pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared"}
)


def left_behind(parts: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Give what a statement of these tokens would leave, and what to write instead.

    >>> from tools.db.tokens import tokens
    >>> list(left_behind(list(tokens("CREATE TEMP TABLE a (b INTEGER)"))))
    [('a temporary table', 'use a table')]
    """
    words = [part.text.upper() if part.kind == "word" else "" for part in parts]
    if _is_temporary(words):
        yield "a temporary table", "use a table"
    for place, (part, after) in enumerate(pairwise(parts)):
        name = part.name.lower()
        if after.text != "(" or part.kind not in ("word", "quoted"):
            continue
        if name in _LOCKS:
            yield f"{name}()", f"write {name.replace('advisory', 'advisory_xact')}(), in a transaction"
        if name == "set_config" and not _is_local(parts[place + 2 :], part.depth):
            yield "set_config()", "give `true` for the third parameter, in a transaction"


def _is_temporary(words: Sequence[str]) -> bool:
    ends = any(words[place : place + 3] == _ENDS_WITH_TRANSACTION for place in range(len(words)))
    if words[0] == "CREATE":
        return not ends and not _TEMPORARY.isdisjoint(takewhile(_BEFORE_KIND.__contains__, words[1:]))
    return words[0] in ("SELECT", "WITH") and any(one == "INTO" and two in _TEMPORARY for one, two in pairwise(words))


def _is_local(arguments: Sequence[Token], depth: int) -> bool:
    """Whether the last argument is TRUE: then the setting ends with the transaction."""
    inside = list(takewhile(lambda part: part.text != ")" or part.depth > depth, arguments))
    return bool(inside) and inside[-1].text.upper() in ("TRUE", "'T'", "'TRUE'")
