"""DATABASE_URL of a server: what is taken, and that no part of a password is ever shown."""

import pytest

from tools.db.postgres.server import Server

GOOD = [
    "postgresql://ana:secret@db.example.com:5432/app",
    "postgres://ana:s%2Fe%23c%40ret@[::1]:5432/app?sslmode=require",
    "postgresql+asyncpg://db.example.com/app",
    "postgresql://postgres:@/postgres?host=/run/postgresql",
    "postgresql://a:b@one:5432,two:5433/app",
    "postgresql://db",
]
BAD = [
    "postgresql://shop:hunter2#x@host/db",
    "postgresql://shop:hunter2/rd@host/db",
    "postgresql://shop:hunter2@x/y@host/db",
    "postgresql://odd:hunter2@ss/w#rd?@host/db",
    "postgresql://shop:hunter2[@host/db",
    "postgresql:/shop:hunter2@host/db",
    "postgresql://shop:hunter2@host:port/db",
]


@pytest.mark.parametrize("url", GOOD)
def test_a_url_of_the_form_is_taken_and_named_without_its_password(url: str) -> None:
    name = Server(url, timeout_s=1, wait_s=1).name

    assert name.startswith("postgresql://")
    assert "@" not in name
    assert "?" not in name


@pytest.mark.parametrize("url", BAD)
def test_another_is_refused_with_the_remedy_and_without_any_part_of_it(url: str) -> None:
    with pytest.raises(ValueError, match="^DATABASE_URL cannot be read: .* percent-encode") as caught:
        Server(url, timeout_s=1, wait_s=1)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
