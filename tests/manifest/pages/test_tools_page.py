from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from hookspecs import Part, Refusal
from manifest.pages.tools import render_tool, render_tools
from tests.manifest.made_up import system

MARKER = object()
Size = int | tuple[int, int]


class FullError(Refusal):
    """503: no room."""

    left: int


class Box(Struct):
    """A box; it holds."""

    width_mm: int
    open: Callable[[], None]

    @property
    def area(self) -> int:
        """How large it is."""
        return self.width_mm**2


class Label(NamedTuple):
    text: str


class Watched(Protocol):
    def sizes(self) -> list[Size]: ...


class Shelf(Watched, Protocol):
    """Keeps boxes; in order.

    For long.
    """

    depth_mm: int

    async def put(self, box: Box, size: Size = 1, *, marker: Any = MARKER, **more: object) -> "Label | None":
        """Put a box on it.

        Raises:
            FullError: no room.
        """
        ...

    def _hidden(self) -> None: ...


PAGE = """# shelf (tools/shelf/__init__.py)

Keeps boxes; in order.

```python
depth_mm: int
sizes() -> list[int | tuple[int, int]]
await put(box: Box, size: Size = 1, *, marker: Any = ..., **more: object) -> Label | None  # Put a box on it
```

## From tests.manifest.pages.test_tools_page

```python
class Box  # A box; it holds
    width_mm: int
    open: Callable[[], None]
    area: int  # How large it is
class FullError(Refusal)  # 503: no room
    left: int
class Label
    text: str
class Watched
    sizes() -> list[int | tuple[int, int]]
```

What arguments mean, in which units, and what is raised when: `tests/manifest/pages/test_tools_page.py`
"""


def test_a_tool_has_whole_signatures_and_what_plugins_import() -> None:
    text = render_tool(Part("shelf", "tools/shelf/__init__.py", kind="tool", contract=Shelf))

    assert text == PAGE


def test_a_tool_without_a_contract_says_so() -> None:
    assert render_tool(Part("odd", "odd.py", kind="tool")) == "# odd (odd.py)\n\nIt has no contract.\n"


def test_all_tools_are_listed_as_the_index_lists_them() -> None:
    assert render_tools(system()).startswith("# Tools\n\n```python\n# post (")
