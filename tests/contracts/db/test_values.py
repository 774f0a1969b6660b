"""Values come back as what went in, without a word about types; what cannot be stored is refused alike."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.contracts.db.people import User, add
from tools.db.contract import Db, OutOfRangeError, ParameterError


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def deep(levels: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(levels - 1):
        inner = [inner]
    return inner


MOMENT = datetime(2024, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
GIVEN = [
    ("whole", 0, int),
    ("whole", 2**63 - 1, int),
    ("whole", -(2**63), int),
    ("fraction", 1.5, float),
    ("fraction", -1e300, float),
    ("fraction", 2.0, float),
    ("money", Decimal("1.10"), Decimal),
    ("money", Decimal("-99999999.99"), Decimal),
    ("money", Decimal(7), Decimal),
    ("is_on", True, bool),
    ("is_on", False, bool),
    ("words", "é\n'\"%:x?$1", str),
    ("words", "", str),
    ("words", "🙂" * 1000, str),
    ("words", "2024-01-02", str),
    ("words", "17", str),
    ("data", b"\x00\xff", bytes),
    ("data", b"", bytes),
    ("day", date(2024, 2, 29), date),
    ("hour", time(1, 2, 3), time),
    ("hour", time(23, 59, 59, 999999), time),
    ("moment", MOMENT, datetime),
    ("moment", datetime(1969, 12, 31, tzinfo=UTC), datetime),
    ("ident", UUID(int=7), UUID),
    ("doc", {"a": [1, None, "ü", 1.5, True]}, dict),
    ("doc", [1, 2], list[int]),
    ("doc", [], list),
    ("doc", {}, dict),
    ("doc", deep(500), list),
]


def named(one: object) -> str:
    """A test's name; the text of a memoryview has an address."""
    return type(one).__name__ if isinstance(one, memoryview) else str(one)[:20]


COLUMNS = ["whole", "fraction", "money", "is_on", "words", "data", "day", "hour", "moment", "ident", "doc"]


async def stored(db: Db, column: str, value: object) -> Any:
    await db.execute(f"INSERT INTO kinds ({column}) VALUES (?)", (value,))
    return (await db.query_one(f"SELECT {column} FROM kinds"))[column]


@pytest.mark.parametrize(("column", "value", "kind"), GIVEN, ids=named)
async def test_a_value_comes_back_as_it_went_in(db: Db, column: str, value: object, kind: Any) -> None:
    found = await stored(db, column, value)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("column", "value", "kind"), GIVEN, ids=named)
async def test_a_value_fits_the_field_that_it_came_from(db: Db, column: str, value: object, kind: Any) -> None:
    shape = msgspec.defstruct("Shape", [(column, kind)])

    await db.execute(f"INSERT INTO kinds ({column}) VALUES (:value)", {"value": value})

    assert getattr(await db.query_one("SELECT * FROM kinds", into=shape), column) == value


@pytest.mark.parametrize("column", COLUMNS)
async def test_none_is_null_in_a_column_of_any_type(db: Db, column: str) -> None:
    assert await stored(db, column, None) is None


@pytest.mark.parametrize(("column", "value", "kind"), GIVEN, ids=named)
async def test_a_value_comes_back_by_returning_and_through_a_stream(
    db: Db, column: str, value: object, kind: Any
) -> None:
    returned = await db.query_one(f"INSERT INTO kinds ({column}) VALUES (?) RETURNING {column}", (value,))

    assert returned == {column: value}
    assert [row async for row in db.stream(f"SELECT {column} FROM kinds")] == [{column: value}]


@pytest.mark.parametrize(("column", "value", "kind"), GIVEN[:-4], ids=named)
async def test_a_row_is_found_by_its_value(db: Db, column: str, value: object, kind: Any) -> None:
    await db.execute(f"INSERT INTO kinds ({column}) VALUES (?)", (value,))

    assert await db.query_one(f"SELECT count(*) AS n FROM kinds WHERE {column} = ?", (value,)) == {"n": 1}


async def test_a_moment_is_the_same_in_any_zone(db: Db) -> None:
    found = await stored(db, "moment", datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=5))))

    assert found == datetime(2024, 1, 1, 7, tzinfo=UTC)
    assert found.utcoffset() == timedelta(0)


async def test_moments_sort_like_time(db: Db) -> None:
    early = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    late = datetime(2024, 1, 1, 7, 0, 0, 1, tzinfo=UTC)
    await db.execute_many("INSERT INTO kinds (moment) VALUES (?)", [(late,), (early,)])

    found = await db.query("SELECT moment FROM kinds WHERE moment >= ? ORDER BY moment", (early,))

    assert [row["moment"] for row in found] == [early, late]


async def test_a_default_of_now_is_an_aware_moment(bare: Db) -> None:
    await bare.execute("CREATE TABLE born (id INTEGER PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)")
    await bare.execute("INSERT INTO born (id) VALUES (1)")

    at = (await bare.query_one("SELECT at FROM born"))["at"]

    assert abs(datetime.now(UTC) - at) < timedelta(seconds=5)
    assert await bare.query_one("SELECT id FROM born WHERE at = ?", (at,)) == {"id": 1}


@pytest.mark.parametrize(
    ("column", "value", "back"),
    [
        ("words", Colour.RED, "red"),
        ("whole", Level.HIGH, 3),
        ("whole", True, 1),
        ("whole", "12", 12),
        ("fraction", 2, 2.0),
        ("fraction", Decimal("1.5"), 1.5),
        ("money", 3, Decimal(3)),
        ("money", 1.25, Decimal("1.25")),
        ("is_on", 1, True),
        ("words", 7, "7"),
        ("words", Decimal("1.10"), "1.1"),
        ("words", UUID(int=7), str(UUID(int=7))),
        ("words", date(2024, 2, 29), "2024-02-29"),
        ("words", MOMENT, "2024-01-02 03:04:05.678900Z"),
        ("words", {"a": 1}, '{"a":1}'),
        ("data", bytearray(b"x"), b"x"),
        ("data", memoryview(b"x"), b"x"),
        ("doc", User(1, "ana"), {"id": 1, "email": "ana", "age": None}),
        ("doc", (1, 2), [1, 2]),
        ("doc", '{"a": 1}', {"a": 1}),
    ],
    ids=named,
)
async def test_a_value_of_another_type_is_converted_alike(db: Db, column: str, value: object, back: object) -> None:
    found = await stored(db, column, value)

    assert found == back
    assert type(found) is type(back)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("whole", 2**63),
        ("whole", -(2**63) - 1),
        ("fraction", float("nan")),
        ("money", Decimal("nan")),
        ("money", Decimal("inf")),
        ("money", Decimal("snan")),
        ("money", Decimal("1e3000000")),
        ("money", Decimal("1e-3000000")),
        ("whole", Decimal("1e1000000")),
        ("fraction", Decimal("1e400")),
        ("words", Decimal("1e400")),
        ("moment", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
        ("moment", datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))),
        ("doc", deep(600)),
        ("doc", deep(100_000)),
        ("doc", {"a": float("nan")}),
        ("doc", [float("inf")]),
        ("doc", {"a": "\0"}),
        ("words", "\ud800"),
        ("words", "a\0b"),
        ("words", datetime(2024, 1, 1)),
        ("words", datetime.max.replace(tzinfo=UTC)),
        ("words", datetime.min.replace(tzinfo=UTC)),
        ("words", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
    ],
)
async def test_a_value_out_of_range_is_a_parameter_error_and_422(db: Db, column: str, value: object) -> None:
    with pytest.raises(ParameterError) as caught:
        await db.execute(f"INSERT INTO kinds ({column}) VALUES (?)", (value,))

    assert isinstance(caught.value, OutOfRangeError)
    assert caught.value.status == 422


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "cannot store object as parameter 1"),
        (timedelta(1), "cannot store"),
        (time(1, tzinfo=UTC), "a time with a zone"),
    ],
    ids=["object", "timedelta", "time with a zone"],
)
async def test_a_value_that_cannot_be_stored_is_a_parameter_error(db: Db, value: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        await db.execute("INSERT INTO kinds (words) VALUES (?)", (value,))


class Documented(msgspec.Struct):
    doc: User


async def test_json_is_read_into_the_field_of_a_struct(db: Db) -> None:
    await add(db, "ana")

    await db.execute("INSERT INTO kinds (doc) VALUES (?)", (User(1, "ana"),))

    assert (await db.query_one("SELECT doc FROM kinds", into=Documented)).doc == User(1, "ana")
