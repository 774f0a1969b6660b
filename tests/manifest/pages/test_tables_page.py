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


def test_a_key_of_several_columns_is_told_as_one() -> None:
    columns = [column("order", "integer", primary_key=True), column("line", "integer", primary_key=True)]
    keys = [{"column": "order", "table": "orders", "to": "id"}]
    lines = Fact("table", "store", "lines", data={"columns": columns, "foreign_keys": keys})

    page = render_tables(system([lines]))

    assert page.endswith("- lines: order integer -> orders.id, line integer, PK(order, line)\n")


def test_an_app_without_tables_says_so() -> None:
    assert render_tables(system()) == "# Tables\n\nThere are none.\n"
