import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from sqlalchemy.orm import Session, sessionmaker

log = logging.getLogger(__name__)
E = TypeVar("E")


class EventBus:
    """Calls the handlers of an event one by one, each in a transaction of its own."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self._handlers: defaultdict[type, list[Callable[[Any, Session], None]]] = defaultdict(list)

    def subscribe(self, event: type[E], handler: Callable[[E, Session], None]) -> None:
        self._handlers[event].append(handler)

    def publish(self, event: object) -> None:
        """Publish what has been committed; a handler that fails is logged, and stops nobody."""
        for handler in self._handlers[type(event)]:
            try:
                with self._sessions.begin() as session:
                    handler(event, session)
            except Exception:
                log.exception("%s failed on %r", handler.__name__, event)


def get_bus(request: Request) -> EventBus:
    bus: EventBus = request.app.state.bus
    return bus


BusDep = Annotated[EventBus, Depends(get_bus)]
