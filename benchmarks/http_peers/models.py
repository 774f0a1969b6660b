"""The shapes that every peer with msgspec reads and answers, and the same limits for the others."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
MAX_EMAIL, MAX_NAME, MAX_AGE = 254, 100, 150
BLOCKED_S = 1.0
"""How long a blocking handler takes."""


class Item(Struct):
    """What GET /items/{id} answers."""

    id: int
    q: str | None


class Thing(Struct):
    """What one of many routes with a placeholder answers."""

    id: int


class NewUser(Struct, forbid_unknown_fields=True):
    """What POST /users takes."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    email: Annotated[str, Meta(max_length=MAX_EMAIL, pattern=EMAIL)]
    age: Annotated[int, Meta(ge=0, le=MAX_AGE)] | None = None
    tags: list[str] = []


class User(Struct):
    """What POST /users answers."""

    id: int
    name: str
    email: str
    age: int | None
    tags: list[str]


class Row(Struct):
    """One line of GET /rows, and what POST /rows takes and answers."""

    id: int
    name: str
    email: str
    amount: float
    is_active: bool


ROWS = [Row(number, f"Row {number}", f"row{number}@example.com", number * 1.5, number % 2 == 0) for number in range(20)]


def made_types(count: int) -> list[tuple[type[Struct], type[Struct]]]:
    """Make a body and an answer of their own for each of `count` endpoints."""
    name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    return [
        (
            msgspec.defstruct(f"New{number}", [("name", name), ("amount", int, 1)], forbid_unknown_fields=True),
            msgspec.defstruct(f"Made{number}", [("id", int), ("name", str), ("amount", int)]),
        )
        for number in range(count)
    ]
