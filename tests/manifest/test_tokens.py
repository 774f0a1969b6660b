import random
import string
from pathlib import Path

import pytest
import tiktoken

from manifest import tokens
from tests.manifest.made_up import ROOT, python

ENCODING = tiktoken.get_encoding(tokens.ENCODING)
TEXTS = sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("domains/*/plugins/*.py"), ROOT / "README.md"])
ODD = {
    "letters": string.ascii_lowercase,
    "capitals": string.ascii_letters,
    "base64": f"{string.ascii_letters}{string.digits}+/",
    "hexadecimal": "0123456789abcdef",
    "signs": string.punctuation,
    "other alphabets": "äöüñ漢字かな🙂Ωж",
}


def count(text: str) -> int:
    return len(ENCODING.encode(text, disallowed_special=()))


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_estimate_is_not_below_the_count_of_our_texts(file: Path) -> None:
    text = file.read_text()

    assert count(text) <= tokens.estimate(text) <= 1.3 * count(text)


@pytest.mark.parametrize("alphabet", ODD.values(), ids=ODD)
def test_what_no_language_has_is_not_much_underestimated(alphabet: str) -> None:
    chance = random.Random(1)
    words = ["".join(chance.choices(alphabet, k=chance.randint(3, 40))) for _ in range(200)]
    text = " ".join(words)

    assert tokens.estimate(text) >= 0.95 * count(text)


@pytest.mark.parametrize("text", ["", "a", "\n\n", "<|endoftext|>", "  x"], ids=repr)
def test_small_and_special_texts_are_counted(text: str) -> None:
    assert tokens.count(text) == count(text)


def test_without_a_tokenizer_the_estimate_counts() -> None:
    code = "import sys; sys.modules['tiktoken'] = None\n"
    code += "from manifest import tokens\nprint(tokens.count('refund an order'))"

    done = python(ROOT, "-c", code)

    assert (done.stdout, done.stderr) == (f"{tokens.estimate('refund an order')}\n", "")


def test_a_tokenizer_without_its_vocabulary_does_not_count() -> None:
    code = "from manifest import tokens; tokens.ENCODING = 'nobody-has-it'\nprint(tokens.count('refund an order'))"

    done = python(ROOT, "-c", code)

    assert (done.stdout, done.stderr) == (f"{tokens.estimate('refund an order')}\n", "")
