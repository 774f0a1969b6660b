"""`describe_schema` in one vocabulary of types."""

import pytest

from tests.contracts.db.people import add
from tools.db.contract import CheckError, Column, Db, ForeignKey, Table

TYPES = ["integer", "real", "decimal", "boolean", "text", "blob", "date", "time", "timestamp", "uuid", "json"]


async def described(db: Db, name: str) -> Table:
    return next(table for table in await db.describe_schema() if table.name == name)


async def test_the_schema_is_described(db: Db) -> None:
    await db.execute("CREATE TABLE _hidden (x INTEGER)")

    tables = {table.name: table for table in await db.describe_schema()}

    assert list(tables) == ["kinds", "log", "loose", "pairs", "tags", "teams", "users"]
    assert tables["users"].columns == [
        Column("id", "integer", nullable=False, default=None, primary_key=True),
        Column("email", "text", nullable=False, default=None, primary_key=False),
        Column("age", "integer", nullable=True, default="18", primary_key=False),
        Column("team_id", "integer", nullable=True, default=None, primary_key=False),
    ]
    assert tables["users"].unique == [["email", "team_id"]]
    assert tables["users"].foreign_keys == [ForeignKey("team_id", "teams", "id")]


async def test_a_generated_column_is_one_of_the_table(db: Db) -> None:
    await db.execute(
        "CREATE TABLE boxes (wide INTEGER, high INTEGER,"
        " area INTEGER GENERATED ALWAYS AS (wide * high) STORED CHECK (area < 100))"
    )

    assert (await described(db, "boxes")).columns[2] == Column("area", "integer", True, None, primary_key=False)
    with pytest.raises(CheckError) as caught:
        await db.execute("INSERT INTO boxes (wide, high) VALUES (10, 10)")
    assert caught.value.columns == ("area",)


async def test_types_have_one_name_on_every_engine(db: Db) -> None:
    assert [column.type for column in (await described(db, "kinds")).columns] == TYPES


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("INT", "integer"),
        ("BIGINT", "integer"),
        ("SMALLINT", "integer"),
        ("DOUBLE PRECISION", "real"),
        ("NUMERIC(10, 2)", "decimal"),
        ("VARCHAR(20)", "text"),
        ("BOOLEAN", "boolean"),
    ],
)
async def test_a_type_may_be_written_in_another_way(bare: Db, written: str, named: str) -> None:
    await bare.execute(f"CREATE TABLE one (x {written})")

    assert (await described(bare, "one")).columns[0].type == named


async def test_defaults_are_as_they_were_written(bare: Db) -> None:
    await bare.execute(
        "CREATE TABLE one (a TEXT DEFAULT 'it''s', b INTEGER DEFAULT -1, c TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
        " d REAL DEFAULT 1.5)"
    )

    assert [column.default for column in (await described(bare, "one")).columns] == [
        "'it''s'",
        "-1",
        "CURRENT_TIMESTAMP",
        "1.5",
    ]


async def test_keys_of_several_columns_are_described(db: Db) -> None:
    assert [(one.name, one.primary_key, one.nullable) for one in (await described(db, "pairs")).columns] == [
        ("a", True, False),
        ("b", True, False),
    ]


async def test_a_schema_may_be_read_inside_a_transaction(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")

        assert len(await db.describe_schema()) == 7
