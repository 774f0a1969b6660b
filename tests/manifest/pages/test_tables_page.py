from hookspecs import Fact
from manifest.pages.tables import render_tables
from tests.manifest.made_up import FACTS, column, system

PAGE = """# Tables

## store

- kept: key text PK

## users

- users: id integer PK, email text UNIQUE, age integer = 0, team integer? -> teams.id, UNIQUE(age, team)
"""


def test_tables_stand_under_their_domain_or_owner() -> None:
    kept = Fact("table", "store", "kept", data={"columns": [column("key", "text", primary_key=True)]})

    assert render_tables(system([*FACTS, kept])) == PAGE


def test_an_app_without_tables_says_so() -> None:
    assert render_tables(system()) == "# Tables\n\nThere are none.\n"
