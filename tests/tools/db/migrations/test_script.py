"""A file of SQL is split as each engine reads it: `;` in literals, comments, bodies and triggers ends nothing."""

import sqlite3
from collections.abc import Iterator
from random import Random

import pytest

from tools.db.postgres.script import statements
from tools.db.sqlite.migration_steps import SqliteSteps
from tools.db.tokens import tokens

SPLIT = {
    "plain": ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
    "no end": ("SELECT 1;\nSELECT 2", ["SELECT 1", "SELECT 2"]),
    "nothing": (" ;; -- only this\n/* and; this */ ;", []),
    "literal": ("SELECT 'a;b', 'it''s;'; SELECT 2", ["SELECT 'a;b', 'it''s;'", "SELECT 2"]),
    "escape": (r"SELECT E'it\'s;'; SELECT '\'; SELECT 3", [r"SELECT E'it\'s;'", r"SELECT '\'", "SELECT 3"]),
    "name": ('SELECT "a;b"; SELECT 2', ['SELECT "a;b"', "SELECT 2"]),
    "comment": ("SELECT 1 -- a; b\n, 2 /* c; d */; SELECT 3", ["SELECT 1 -- a; b\n, 2", "SELECT 3"]),
    "nested comment": ("/* a /* b; */ c; */ SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
    "dollars": ("DO $$ a; 'b; $$; SELECT 2", ["DO $$ a; 'b; $$", "SELECT 2"]),
    "tagged dollars": ("DO $do$ $$ a; $$ $other$; $do$; SELECT 2", ["DO $do$ $$ a; $$ $other$; $do$", "SELECT 2"]),
    "dollar in a name": ("SELECT a$b$ FROM c; SELECT $1", ["SELECT a$b$ FROM c", "SELECT $1"]),
    "atomic": (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
        [
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
            "SELECT 3",
        ],
    ),
    "rule": (
        "CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c); SELECT 2",
        ["CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c)", "SELECT 2"],
    ),
    "case": ("SELECT CASE WHEN true THEN 1 END; SELECT 2", ["SELECT CASE WHEN true THEN 1 END", "SELECT 2"]),
    "array": ("SELECT ARRAY['a;]']; SELECT 2", ["SELECT ARRAY['a;]']", "SELECT 2"]),
}


@pytest.mark.parametrize("case", SPLIT)
def test_postgresql_s_statements_are_split_where_they_end(case: str) -> None:
    sql, texts = SPLIT[case]

    assert [one.text for one in statements(sql)] == texts


def test_each_statement_has_the_line_of_its_first_word() -> None:
    sql = "\n-- one\nSELECT 1; -- two\n\n/* three\n*/ SELECT\n2; SELECT 3"

    assert [one.line for one in statements(sql)] == [3, 6, 7]


@pytest.mark.parametrize("sql", ["SELECT 'a", 'SELECT "a', "SELECT /* a", "DO $$ a", "SELECT E'a\\"])
def test_what_never_ends_is_one_statement_for_the_server_to_refuse(sql: str) -> None:
    assert len(list(statements(sql + " ; b"))) == 1


def by_sqlite(sql: str) -> Iterator[str]:
    """Split as `sqlite3_complete` does; too slow for a long statement, which it reads anew at each `;`."""
    pieces, begin = sql.split(";"), 0
    for end in range(1, len(pieces) + 1):
        text = ";".join(pieces[begin:end]) + ";" * (end < len(pieces))
        if end == len(pieces) or sqlite3.complete_statement(text):
            yield text
            begin = end


def words_of(sql: str) -> list[str]:
    """What counts of a statement, without the `;` that ends it."""
    words = [part.text for part in tokens(sql)]
    while words and words[-1] == ";":
        words.pop()
    return words


def test_sqlites_statements_end_where_sqlite_itself_says() -> None:
    words = ["TRIGGER", "BEGIN", "END", "CASE", ";", ";", ";", "'a;b'", '"c;d"', "-- e;\n", "/* f; */", "x", "("]
    random = Random(4)

    for _ in range(2000):
        head = random.choice(["", "CREATE TRIGGER ", "CREATE TEMP TRIGGER ", "CREATE TABLE ", "; CREATE "])
        sql = head + " ".join(random.choices(words, k=random.randint(1, 20)))

        ours = [words_of(one.text) for one in SqliteSteps.statements(None, sql)]  # type: ignore[arg-type,attr-defined]  # no state
        assert ours == [found for text in by_sqlite(sql) if (found := words_of(text))], sql
