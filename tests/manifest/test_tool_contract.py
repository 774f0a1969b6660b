from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Literal, Optional, Protocol

import pytest
from msgspec import Meta, Struct

from hookspecs import Part
from manifest.tool_contract import contract_lines
from manifest.type_text import field_types, type_text

Names = list[str] | None


MARKER = object()


USUAL = ("Size", "Names", "Nobody", "Sized")


class Size(Struct):
    """How large."""

    width: int
    height: int


class Sizes(Struct):
    """Some sizes; `width` first."""

    all: list[Size]


Sized = Annotated[Sizes, "in cm"]


class Parent(Protocol):
    def first(self) -> int: ...


class Shape(Parent, Protocol):
    """Has a shape; it has corners."""

    @property
    def corners(self) -> "int":
        """Count the corners."""
        ...

    async def rename(
        self, names: Names, scale: float = 1.5, layer: int = 0, /, *more: str, marker: Any = MARKER
    ) -> "Shape":
        """Rename it; waits."""
        ...

    async def redraw(
        self, names: Names, scale: float = 1.5, layer: int = 0, /, *more: str, marker: Any = MARKER
    ) -> "Shape":
        """Rename it; and redraws."""
        ...

    def area(self, unit: str = "") -> int | None:
        """Tell the area."""
        ...

    def _hidden(self) -> None: ...


def test_own_members_get_a_line_inherited_ones_are_named_and_hidden_ones_are_not() -> None:
    lines = [*contract_lines(Part("shape", "x", contract=Shape))]

    assert lines == [
        "# shape (tests.manifest.test_tool_contract: Size(width, height), Names, Sized)  # it has corners",
        "# Sized: `width` first",
        "corners",
        "await rename/redraw(names, scale=1.5, layer?, *more, marker)  # waits; and redraws",
        "area(unit?) -> int | None",
        "# also: first",
    ]


def test_a_tool_without_a_contract_says_so() -> None:
    assert [*contract_lines(Part("shape", "x"))] == ["# shape: it has no contract"]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, "int"),
        (None, "None"),
        (Optional[int], "int | None"),  # noqa: UP045 (as a stranger may write it)
        (Annotated[str, Meta(min_length=1)] | None, "str | None"),
        (Literal["a.b", "c"], "Literal['a.b', 'c']"),
        (Callable[[], Awaitable[None]], "Callable[[], Awaitable[None]]"),
        (AsyncIterator[Any], "AsyncIterator[Any]"),
        ("collections.abc.Sequence[int]", "Sequence[int]"),
        (list["Later"], "list[Later]"),  # type: ignore[name-defined]  # noqa: F821 (what is meant)
    ],
    ids=str,
)
def test_a_type_is_told_as_an_author_writes_it(annotation: Any, expected: str) -> None:
    assert type_text(annotation) == expected


def test_fields_whose_types_are_not_there_are_told_as_they_are_written() -> None:
    class Lost(Struct):
        x: "Nowhere"  # type: ignore[name-defined]  # noqa: F821 (what is tested)

    assert field_types(Lost) == {"x": "Nowhere"}
