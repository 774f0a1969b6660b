"""How many tokens a text costs, at most, and the text cut so that it costs no more than it may.

The estimate knows no vocabulary. It splits a text as the tokenizers of today do (words, up to three digits,
punctuation, space) and counts for each piece nearly what it would cost if no vocabulary knew it: that is above what
cl100k_base counts for prose, code, JSON, hexadecimal, base64 and other scripts, as a test with the real one shows.
"""

import re

LEAST, DEFAULT, MOST = 40, 1_000, 50_000
_PIECE = re.compile(
    r"(?P<word>[A-Z]?[a-z]+)|(?P<capitals>[A-Z]+)|(?P<digits>[0-9]{1,3})|(?P<space>[ \t]*\r?\n\s*|[ \t]+)"
    r"|(?P<sign>[\x21-\x7e])|(?P<other>.)",
    re.DOTALL,
)
_LONGEST_WORD = 14  # beyond it is more likely an id than a word
_CUT = "\n… cut: {left} of about {whole} tokens are left out; ask with a larger budget"


def tokens(text: str) -> int:
    """Estimate the tokens of a text, rather too many than too few.

    >>> tokens("")
    0
    >>> tokens("GET /users answers a page of accounts") >= 7
    True
    """
    return sum(map(_cost, _PIECE.finditer(text)))


def cut(text: str, budget: int) -> str:
    """Cut the end of a text that costs more than `budget`, and say so, within the budget.

    >>> cut("short", 40)
    'short'
    """
    whole = tokens(text)
    if whole <= budget:
        return text
    room = budget - tokens(_CUT.format(left=whole, whole=whole))
    spent = end = 0
    for piece in _PIECE.finditer(text):
        spent += _cost(piece)
        if spent > room:
            break
        end = piece.end()
    kept = text[:end]
    # a line that is whole reads better than half of one, where that does not cost too much
    kept = kept[: kept.rfind("\n")] if kept.rfind("\n") > len(kept) * 2 // 3 else kept
    return kept.rstrip() + _CUT.format(left=whole - tokens(kept), whole=whole)


def _cost(piece: re.Match[str]) -> int:
    text, kind = piece[0], piece.lastgroup
    if kind == "word":
        return -(-len(text) // (4 if len(text) <= _LONGEST_WORD else 2))
    if kind == "capitals":
        return -(-len(text) // 2)
    if kind == "space":
        return 0 if text == " " else 1 + len(text) // 16
    return 1 if kind in ("digits", "sign") else len(text.encode("utf-8", "surrogatepass"))
