"""What the declared types of SQLite's columns give back, and what they refuse."""

import sqlite3
import warnings
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.tools.db.standing import sqlite_of, standing
from tools.db.contract import DbError, OutOfRangeError, ParameterError
from tools.db.database import Database

NOW = datetime(2024, 1, 2, 3, 4, 5, 6, UTC)
VALUES = {
    "i INTEGER": 2**63 - 1,
    "r REAL": 0.1,
    "c DECIMAL(10, 2)": Decimal("1.10"),
    "n NUMERIC": Decimal("12345678901234.5"),
    "b BOOLEAN": True,
    "t TEXT": "5",
    "v VARCHAR(20)": "1.0",
    "y BLOB": b"\x00\xff",
    "d DATE": date(2024, 2, 29),
    "h TIME": time(1, 2, 3, 400_000),
    "m TIMESTAMP": NOW,
    "k DATETIME": NOW.replace(microsecond=0),
    "u UUID": UUID("12345678-1234-5678-1234-567812345678"),
    "j JSON": {"a": [1, None, "ü"], "b": {}},
    "l JSON": [1, 2.5],
}


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with standing(tmp_path / "app.db") as db:
        await db.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)")
        yield db


async def raw(db: Database, sql: str) -> None:
    """What another program does."""
    await sqlite_of(db).writer.run(lambda raw: raw.execute(sql).fetchall())


@pytest.mark.parametrize(("column", "value"), VALUES.items(), ids=VALUES)
@pytest.mark.parametrize("read", ["query", "RETURNING", "stream", "subquery", "union", "into"])
async def test_a_value_comes_back_as_it_went_in(db: Database, column: str, value: object, read: str) -> None:
    name = column.split()[0]
    await db.execute(f"CREATE TABLE one ({column})")
    written = await db.query_one(f"INSERT INTO one VALUES (?) RETURNING {name} AS x", (value,))
    selects = {
        "query": f"SELECT {name} AS x FROM one",
        "subquery": f"SELECT x FROM (SELECT {name} AS x FROM one)",
        "union": f"SELECT {name} AS x FROM one UNION SELECT {name} FROM one",
    }
    into = msgspec.defstruct("One", [("x", type(value))])
    select = selects.get(read, selects["query"])

    found: Any = written["x"]
    if read == "stream":
        (found,) = [row["x"] async for row in db.stream(select)]
    elif read == "into":
        found = (await db.query_one(select, into=into)).x
    elif read != "RETURNING":
        found = (await db.query_one(select))["x"]

    assert (found, type(found)) == (value, type(value))


async def test_nothing_comes_back_as_none(db: Database) -> None:
    names = [column.split()[0] for column in VALUES]
    await db.execute(f"CREATE TABLE one ({', '.join(VALUES)})")
    await db.execute(
        f"INSERT INTO one ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", [None] * len(names)
    )

    assert await db.query("SELECT * FROM one") == [dict.fromkeys(names)]


async def test_a_struct_keeps_the_types_of_its_columns(db: Database) -> None:
    struct = msgspec.defstruct("All", [(column.split()[0], type(value)) for column, value in VALUES.items()])
    names = [column.split()[0] for column in VALUES]
    await db.execute(f"CREATE TABLE one ({', '.join(VALUES)})")

    await db.execute(f"INSERT INTO one VALUES ({', '.join('?' * len(names))})", list(VALUES.values()))

    assert await db.query_one("SELECT * FROM one", into=struct) == struct(*VALUES.values())
    backward = await db.query_one(f"SELECT {', '.join(reversed(names))} FROM one", into=struct)
    assert backward == struct(*VALUES.values())


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01 07:00:00",
        "2024-01-01T07:00:00",
        "2024-01-01 07:00:00.000000Z",
        "2024-01-01T07:00:00Z",
        "2024-01-01T12:00:00+05:00",
        "2024-01-01 07:00",
    ],
)
async def test_a_moment_of_any_form_is_read_in_utc(db: Database, text: str) -> None:
    await raw(db, f"INSERT INTO things (at) VALUES ('{text}')")

    assert (await db.query_one("SELECT at FROM things"))["at"] == datetime(2024, 1, 1, 7, tzinfo=UTC)


async def test_what_the_database_sets_is_a_moment_that_compares_with_ours(db: Database) -> None:
    await db.execute("INSERT INTO things (id) VALUES (1)")

    at = (await db.query_one("SELECT at FROM things"))["at"]

    assert abs(datetime.now(UTC) - at) < timedelta(seconds=60)
    around = (at - timedelta(seconds=1), at + timedelta(seconds=1))
    assert await db.query_one("SELECT id FROM things WHERE at BETWEEN ? AND ?", around) == {"id": 1}
    assert await db.query_one("SELECT id FROM things WHERE ? < CURRENT_TIMESTAMP", around[:1]) == {"id": 1}


async def test_what_has_no_declared_type_becomes_one_by_its_struct(db: Database) -> None:
    early = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    await db.execute_many("INSERT INTO things (at) VALUES (?)", [(early,), (NOW,)])
    bounds = msgspec.defstruct("Bounds", [("first", datetime), ("last", datetime | None)])

    assert await db.query_one("SELECT min(at) AS first FROM things") == {"first": "2024-01-01 07:00:00"}
    found = await db.query_one("SELECT min(at) AS first, max(at) AS last FROM things", into=bounds)
    assert found == bounds(early, NOW)
    assert found.first.tzinfo is UTC


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("BOOLEAN", "'yes'"),
        ("BOOLEAN", "2"),
        ("DECIMAL(5, 2)", "'many'"),
        ("DATE", "'2024-13-01'"),
        ("TIME", "'25:00'"),
        ("TIMESTAMP", "1700000000"),
        ("TIMESTAMP", "20240101"),
        ("DATETIME", "X'ff'"),
        ("UUID", "'x'"),
        ("JSON", "'{'"),
    ],
)
@pytest.mark.parametrize("method", ["query", "query_one", "stream"])
async def test_a_value_that_its_type_cannot_read_is_an_error_that_names_the_column(
    db: Database, column: str, wrong: str, method: str
) -> None:
    await db.execute(f"CREATE TABLE odd (id INTEGER PRIMARY KEY, x {column})")
    await raw(db, f"INSERT INTO odd (x) VALUES ({wrong})")

    with pytest.raises(DbError, match=r"db cannot read odd\.x: b'.*' is no [a-z]+: mend the row") as caught:
        if method == "stream":
            _ = [row async for row in db.stream("SELECT id, x FROM odd")]
        else:
            await getattr(db, method)("SELECT id, x FROM odd")

    assert (caught.value.table, caught.value.columns) == ("odd", ("x",))
    assert await db.query("SELECT id FROM odd") == [{"id": 1}]


async def test_a_written_row_that_cannot_be_read_back_is_not_stored(db: Database) -> None:
    await db.execute("CREATE TABLE odd (x DATE)")

    with pytest.raises(DbError, match=r"cannot read odd\.x"):
        await db.query("INSERT INTO odd VALUES ('never') RETURNING x")

    assert await db.query("SELECT * FROM odd") == []


@pytest.mark.parametrize(
    "value",
    ["0.1234567890123456", "1234567890123456", "1E+400", "1E-400", "123456789012345.6", "Infinity"],
)
async def test_a_decimal_that_a_real_cannot_keep_is_refused(db: Database, value: str) -> None:
    with pytest.raises(OutOfRangeError):
        await db.query("SELECT ?", (Decimal(value),))


@pytest.mark.parametrize("value", ["0", "-0.10", "123456789012345", "1E+20", "0.000000123456789012345", "99999999.99"])
async def test_a_decimal_of_15_digits_is_kept(db: Database, value: str) -> None:
    await db.execute("CREATE TABLE one (x DECIMAL(30, 20))")

    await db.execute("INSERT INTO one VALUES (?)", (Decimal(value),))

    assert await db.query_one("SELECT x FROM one WHERE x = ?", (Decimal(value),)) == {"x": Decimal(value)}


async def test_decimals_compare_as_numbers_with_what_has_no_type(db: Database) -> None:
    await db.execute("CREATE TABLE one (x DECIMAL(5, 2))")
    await db.execute_many("INSERT INTO one VALUES (?)", [(Decimal("9.50"),), (Decimal("1.25"),)])

    assert await db.query("SELECT 1 AS n FROM one GROUP BY 1 HAVING sum(x) < ?", (Decimal(100),)) == [{"n": 1}]


@pytest.mark.parametrize("value", [datetime(2024, 1, 1), time(1, tzinfo=UTC)], ids=["datetime", "time"])
async def test_a_moment_without_a_zone_and_a_time_with_one_are_refused(db: Database, value: object) -> None:
    with pytest.raises(ParameterError, match="give"):
        await db.query("SELECT ?", (value,))


@pytest.mark.parametrize("value", ["a\0b", {"a": "\0"}, ["\0"]], ids=["text", "value", "list"])
async def test_nul_in_text_is_refused(db: Database, value: object) -> None:
    with pytest.raises(OutOfRangeError, match="NUL"):
        await db.query("SELECT ?", (value,))


async def test_nothing_that_python_has_deprecated_is_used(db: Database) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        await db.execute("INSERT INTO things (at) VALUES (?)", (NOW,))

        assert (await db.query_one("SELECT at FROM things"))["at"] == NOW
    assert sqlite3.converters["TIMESTAMP"].__module__ == "tools.db.sqlite.values"
