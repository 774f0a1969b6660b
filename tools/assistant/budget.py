"""How many tokens a text costs, at most, and the text cut so that it costs no more than it may.

The estimate knows no vocabulary. It splits a text as the tokenizers of today do (words, up to three digits,
punctuation, space) and counts for each piece nearly what it would cost if no vocabulary knew it: that is above what
cl100k_base counts for prose, code, JSON, hexadecimal, base64 and other scripts, as a test with the real one shows.
"""

import re

LEAST, DEFAULT, MOST = 60, 1_000, 50_000
_PIECE = re.compile(
    r"(?P<id>(?=[A-Za-z+/_-]*[0-9])[A-Za-z0-9+/_-]{20,}|[A-Za-z]{28,})|(?P<word>[A-Z]?[a-z]+)|(?P<capitals>[A-Z]+)"
    r"|(?P<digits>[0-9]{1,3})|(?P<line>[\r\n]+)|(?P<space>[ \t]+)|(?P<sign>[\x21-\x7e])|(?P<other>.)",
    re.DOTALL,
)
_LONGEST_WORD = 14  # beyond it is more likely made by a machine
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

    >>> cut("short", 60)
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
    match kind:
        case "word":
            return -(-len(text) // 4) if len(text) <= _LONGEST_WORD else -(-len(text) * 3 // 5)
        case "capitals":
            return -(-len(text) * 2 // 3)
        case "id":
            return -(-len(text) * 4 // 5)
        case "line":
            return 1 + len(text) // 8
        case "space":
            return 0 if text == " " else 1 + len(text) // 16
        case "digits" | "sign":
            return 1
    return len(text.encode("utf-8", "surrogatepass"))
