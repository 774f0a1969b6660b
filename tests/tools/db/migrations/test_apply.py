"""Migrations run each once, each whole, in order, and nothing is ever repaired: the same on every engine."""

from tests.tools.db.migrations.stage import SqliteStage, Stage, plugin

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);"


async def test_migrations_run_by_owner_and_number(stage: Stage) -> None:
    told = await stage.apply({"b/002_y": "", "b/001_x": "", "a/010_z": "", "a/002_y": ""}, plugin("a.note", _001_n=""))

    assert told == [
        "applied domains/a/migrations/002_y.sql",
        "applied domains/a/migrations/010_z.sql",
        "applied domains/a/plugins/note.py:001_n",
        "applied domains/b/migrations/001_x.sql",
        "applied domains/b/migrations/002_y.sql",
    ]


async def test_numbers_are_compared_as_numbers(stage: Stage) -> None:
    told = await stage.apply({"a/1000_last": "", "a/999_before": "", "a/0998_first": ""})

    assert [line.rpartition("/")[2] for line in told] == ["0998_first.sql", "999_before.sql", "1000_last.sql"]


async def test_a_step_waits_for_what_it_depends_on(stage: Stage) -> None:
    files = {
        "orders/001_orders": "-- orders of users\n-- depends: users/002, z.plug/001\nCREATE TABLE orders (x TEXT);",
        "users/001_users": USERS,
        "users/002_more": "SELECT 1; -- depends: nothing/999 is no header here",
    }

    told = await stage.apply(files, plugin("z.plug", _001_plug=""))

    assert [line.rpartition("/")[2] for line in told] == [
        "001_users.sql",
        "002_more.sql",
        "plug.py:001_plug",
        "001_orders.sql",
    ]


async def test_a_step_waits_for_the_tables_that_it_refers_to(stage: Stage) -> None:
    told = await stage.apply(
        {"a/001_cards": 'CREATE TABLE cards (x INTEGER REFERENCES "orders"(id), y INTEGER references Users);'},
        plugin("b.orders", _001_orders="create table if not exists orders (id INTEGER PRIMARY KEY);"),
        plugin("c.users", _001_none="", _002_users=USERS + "ALTER TABLE users ADD boss INTEGER REFERENCES users;"),
    )

    assert [line.rpartition("/")[2] for line in told] == [
        "orders.py:001_orders",
        "users.py:001_none",
        "users.py:002_users",
        "001_cards.sql",
    ]


async def test_steps_that_refer_to_each_other_run_by_owner_and_number(stage: Stage) -> None:
    told = await stage.apply(
        {
            "a/001_hens": "-- no egg REFERENCES eggs yet\nCREATE TABLE hens (id INTEGER PRIMARY KEY);",
            "a/002_egg": "-- depends: b/001\nALTER TABLE hens ADD COLUMN egg INTEGER REFERENCES eggs(id);",
            "b/001_eggs": "CREATE TABLE eggs (id INTEGER PRIMARY KEY, hen INTEGER REFERENCES hens);",
        }
    )

    assert [line.rpartition("/")[2] for line in told] == ["001_hens.sql", "001_eggs.sql", "002_egg.sql"]


async def test_a_second_boot_applies_only_what_is_new(stage: Stage) -> None:
    await stage.apply({"users/001_users": USERS + "INSERT INTO users (email) VALUES ('ana');"})

    told = await stage.apply({"users/002_age": "ALTER TABLE users ADD COLUMN age INTEGER;"})

    assert told == ["applied domains/users/migrations/002_age.sql"]
    assert await stage.query("SELECT * FROM users") == [{"id": 1, "email": "ana", "age": None}]


async def test_a_step_that_fails_is_rolled_back_whole_and_named_with_its_line(stage: Stage) -> None:
    message = await stage.refusal(
        {
            "a/001_good": "CREATE TABLE good (x TEXT);",
            "a/002_bad": "CREATE TABLE bad (x TEXT); INSERT INTO good VALUES ('x');\n\n-- why\nNONSENSE now;\nSELECT",
        }
    )

    begin, _, rest = message.partition(" failed and its file was rolled back: ")
    assert begin == "domains/a/migrations/002_bad.sql:4"
    assert 'near "NONSENSE": syntax error' in rest or 'syntax error at or near "NONSENSE"' in rest
    mine, other = ("sqlite", "postgresql") if 'near "NONSENSE": syntax error' in rest else ("postgresql", "sqlite")
    assert message.endswith(
        f", says {mine}: correct it (or begin the file with `-- engine: {other}`, if it is for that one only), "
        "then `python -m manifest migrate`"
    )
    assert await stage.tables() == {"good", "_migrations"}
    assert await stage.query("SELECT * FROM good") == []
    assert await stage.ledger() == ["a/001_good"]


async def test_a_corrected_step_runs_whole_at_the_next_boot(stage: Stage) -> None:
    await stage.refusal({"a/001_t": "CREATE TABLE t (x TEXT); NONSENSE;"})

    assert await stage.apply({"a/001_t": "CREATE TABLE t (x TEXT);"}) == ["applied domains/a/migrations/001_t.sql"]


async def test_literals_comments_and_names_may_hold_semicolons(stage: Stage) -> None:
    await stage.apply(
        {
            "a/001_t": "/* one; two */ CREATE TABLE t (x TEXT DEFAULT 'a;b', \"y;z\" TEXT); -- and; so on\n"
            "INSERT INTO t (x) VALUES (';'); INSERT INTO t (\"y;z\") VALUES ('it''s; CREATE TABLE u (x)')",
        }
    )

    assert await stage.query("SELECT * FROM t ORDER BY x") == [
        {"x": ";", "y;z": None},
        {"x": "a;b", "y;z": "it's; CREATE TABLE u (x)"},
    ]


async def test_keys_that_a_step_gave_by_hand_are_not_given_again(stage: Stage) -> None:
    await stage.apply({"a/001_users": USERS + "INSERT INTO users VALUES (1, 'ana'), (7, 'bo');"})

    await stage.query("INSERT INTO users (email) VALUES ('cy')")

    assert [row["id"] for row in await stage.query("SELECT id FROM users ORDER BY id")] == [1, 7, 8]


async def test_other_line_endings_and_a_byte_order_mark_are_no_edit(stage: Stage) -> None:
    await stage.apply({"a/001_t": "CREATE TABLE t (\nx TEXT);\n"})
    stage.path("a/001_t").write_bytes(b"\xef\xbb\xbfCREATE TABLE t (\r\nx TEXT);\r\n")

    assert await stage.apply() == []


async def test_a_waiver_above_a_line_of_a_step_that_was_applied_is_no_edit(stage: Stage) -> None:
    await stage.apply({"a/001_t": "CREATE TABLE t (x TEXT);\nUPDATE t SET x = 'a';\n"})
    waived = "CREATE TABLE t (x TEXT);\n  -- rule-ok: table-foreign-write moved from b in 2024\nUPDATE t SET x = 'a';\n"
    stage.path("a/001_t").write_text(waived)

    assert await stage.apply() == []


# ------------------------------------------------------------ a restart destroys nothing (there was one that did)


async def test_a_rebuilt_table_with_a_later_column_keeps_its_rows_over_restarts(stage: Stage) -> None:
    files = {
        "a/001_users": "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE notes (user_id INTEGER, body TEXT); INSERT INTO notes VALUES (1, 'hello');"
        "INSERT INTO users (name) VALUES ('Ana');",
        "a/002_rebuild": "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
        "INSERT INTO users_new SELECT id, name FROM users; DROP TABLE users; ALTER TABLE users_new RENAME TO users;",
        "a/003_email": "ALTER TABLE users ADD COLUMN email TEXT; UPDATE users SET email = 'ana@x.io';",
    }
    await stage.apply(files)
    await stage.query("INSERT INTO users (name, email) VALUES ('Bo', 'bo@x.io')")

    for _ in range(3):
        assert await stage.apply() == []

    assert await stage.query("SELECT * FROM users ORDER BY id") == [
        {"id": 1, "name": "Ana", "email": "ana@x.io"},
        {"id": 2, "name": "Bo", "email": "bo@x.io"},
    ]
    assert await stage.query("SELECT * FROM notes") == [{"user_id": 1, "body": "hello"}]


async def test_sqlites_recipe_to_change_a_table_keeps_the_rows_that_refer_to_it(on_sqlite: SqliteStage) -> None:
    files = {
        "a/001_tables": USERS + "CREATE TABLE notes (user_id INTEGER REFERENCES users(id) ON DELETE CASCADE);"
        "INSERT INTO users (email) VALUES ('ana'); INSERT INTO notes VALUES (1);",
        "a/002_rebuild": "CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);"
        "INSERT INTO users_new SELECT id, email, 7 FROM users; DROP TABLE users;"
        "ALTER TABLE users_new RENAME TO users;",
    }
    await on_sqlite.apply(files)
    await on_sqlite.apply()

    assert await on_sqlite.query("SELECT * FROM users") == [{"id": 1, "email": "ana", "age": 7}]
    assert await on_sqlite.query("SELECT * FROM notes") == [{"user_id": 1}]


async def test_a_dropped_table_stays_dropped(stage: Stage) -> None:
    await stage.apply({"a/001_old": "CREATE TABLE old (x TEXT);", "a/002_drop": "DROP TABLE old;"})

    assert await stage.apply() == []
    assert "old" not in await stage.tables()


async def test_a_renamed_and_seeded_table_is_neither_made_nor_seeded_again(stage: Stage) -> None:
    await stage.apply(
        {
            "a/001_colours": "CREATE TABLE colours (name TEXT); INSERT INTO colours VALUES ('red'), ('blue');",
            "a/002_rename": "ALTER TABLE colours RENAME TO colors;",
        }
    )

    assert await stage.apply() == []
    assert await stage.tables() == {"colors", "_migrations"}
    assert await stage.query("SELECT count(*) AS n FROM colors") == [{"n": 2}]


async def test_a_create_table_inside_a_comment_makes_no_trouble(stage: Stage) -> None:
    await stage.apply({"a/001_t": "/* CREATE TABLE ghost (x TEXT); */ -- CREATE TABLE ghost2 (x TEXT);\nSELECT 1;"})

    assert await stage.apply() == []
    assert await stage.tables() == {"_migrations"}


async def test_a_table_that_somebody_dropped_by_hand_is_not_made_again(stage: Stage) -> None:
    await stage.apply({"a/001_t": "CREATE TABLE t (x TEXT);"})
    await stage.query("DROP TABLE t")

    assert await stage.apply() == []
    assert await stage.tables() == {"_migrations"}
