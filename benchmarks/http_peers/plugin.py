"""A plugin as an author writes it; the whole app gets a copy of this very file."""

import time

from benchmarks.http_peers.models import BLOCKED_S, ROWS, Item, NewUser, Row, User
from hookspecs import hookimpl


class Measured:
    """The endpoints that are measured."""

    def __init__(self, http) -> None:  # type: ignore[no-untyped-def]  # as in every plugin
        self.http = http

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/ping", "GET", self.ping, public=True)
        self.http.add_endpoint("/items/{id}", "GET", self.item, public=True)
        self.http.add_endpoint("/users", "POST", self.create_user, status=201, public=True)
        self.http.add_endpoint("/rows", "GET", self.rows, public=True)
        self.http.add_endpoint("/rows", "POST", self.create_row, status=201, public=True)
        self.http.add_endpoint("/blocked", "GET", self.blocked, public=True)

    async def ping(self) -> dict[str, bool]:
        return {"ok": True}

    async def item(self, id: int, q: str | None = None) -> Item:
        return Item(id, q)

    async def create_user(self, new: NewUser) -> User:
        return User(1, new.name, new.email, new.age, new.tags)

    async def rows(self) -> list[Row]:
        return ROWS

    async def create_row(self, row: Row) -> Row:
        return row

    def blocked(self) -> dict[str, bool]:
        time.sleep(BLOCKED_S)
        return {"ok": True}
