"""What is kept of statements has bounds, whatever texts are made up."""

from tools.db.known import Known
from tools.db.postgres.conversions import conversion
from tools.db.statement import read


def test_answers_are_forgotten_once_they_are_too_many_or_too_long() -> None:
    known: Known[str, int] = Known(most=3, most_characters=10)
    for number, text in enumerate(("a", "b", "c")):
        assert known.add(text, number, 1) == number
    assert [known.get(text) for text in "abc"] == [0, 1, 2]

    known.add("d", 3, 1)
    assert [known.get(text) for text in "abcd"] == [None, None, None, 3]

    known.add("long", 4, 10)
    assert [known.get(text) for text in ("d", "long")] == [None, 4]


def test_a_statement_is_read_once_and_long_ones_do_not_fill_the_memory() -> None:
    texts = [f"SELECT '{number}{'x' * 500_000}'" for number in range(5)]
    first = read(texts[0])
    assert read(texts[0]) is first

    for text in texts:
        read(text)

    assert read(texts[0]) is not first


def test_parameters_of_one_type_share_what_converts_them() -> None:
    assert conversion("int4", int) is conversion("int4", int)
