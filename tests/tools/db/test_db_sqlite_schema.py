"""What SQLite's many ways to write a type are called in the vocabulary of every engine."""

from pathlib import Path

import pytest

from tests.tools.db.standing import standing


@pytest.mark.parametrize(
    ("declared", "word"),
    [
        ("INTEGER", "integer"),
        ("unsigned big int", "integer"),
        ("INT8", "integer"),
        ("CHARACTER VARYING(255)", "text"),
        ("NATIVE CHARACTER(70)", "text"),
        ("CLOB", "text"),
        ("DOUBLE PRECISION", "real"),
        ("FLOAT", "real"),
        ("BLOB", "blob"),
        ("", "blob"),
        ("decimal(10, 2)", "decimal"),
        ("NUMERIC", "decimal"),
        ("MONEY", "decimal"),
        ("Bool", "boolean"),
        ("BOOLEAN", "boolean"),
        ("DATE", "date"),
        ("TIME", "time"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp"),
        ("datetime", "timestamp"),
        ("UUID", "uuid"),
        ("JSON", "json"),
    ],
)
async def test_a_declared_type_has_one_word(tmp_path: Path, declared: str, word: str) -> None:
    async with standing(tmp_path / "app.db") as db:
        await db.execute(f"CREATE TABLE one (x {declared} DEFAULT NULL)")

        (table,) = await db.describe_schema()

    assert table.columns[0].type == word
