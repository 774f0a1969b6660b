"""Makes objects by the types that their constructors ask for: what dishka would do."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast, get_type_hints

from fastapi import Depends, Request
from sqlalchemy.orm import Session, sessionmaker

T = TypeVar("T")


class Container:
    def __init__(self) -> None:
        self._sources: dict[type, type] = {}
        self._values: dict[type, Any] = {}

    def provide(self, source: type, *, provides: type | None = None) -> None:
        """Make one a request, under its own type or under that of a port."""
        self._sources[provides or source] = source

    def provide_value(self, value: object, *, provides: type | None = None) -> None:
        """Give the same to all requests."""
        self._values[provides or type(value)] = value

    def get(self, kind: type[T], given: dict[type, Any]) -> T:
        if kind in given or kind in self._values:
            return cast("T", given.get(kind, self._values.get(kind)))
        source = self._sources[kind]
        init: Any = source.__init__  # type: ignore[misc]  # of the very class that is made
        hints = {} if init is object.__init__ else get_type_hints(init)
        asked = {name: self.get(hint, given) for name, hint in hints.items() if name != "return"}
        made = given[kind] = source(**asked)
        return cast("T", made)

    def call(self, kind: type[T], use: Callable[[T], None]) -> None:
        """Make one outside of a request, with a session of its own, and use it."""
        with self.get(sessionmaker[Session], {})() as session:
            use(self.get(kind, {Session: session}))


def get_given(request: Request) -> Iterator[dict[type, Any]]:
    with request.app.state.container.get(sessionmaker[Session], {})() as session:
        yield {Session: session, Request: request}


def from_container(kind: type[T]) -> Callable[..., T]:
    def get(request: Request, given: dict[type, Any] = Depends(get_given)) -> T:  # noqa: B008 (as FastAPI has it)
        container: Container = request.app.state.container
        return container.get(kind, given)

    return get
