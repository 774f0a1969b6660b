import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

log = logging.getLogger(__name__)
E = TypeVar("E")


class EventBus:
    def __init__(self) -> None:
        self._handlers: defaultdict[type, list[Callable[[Any], None]]] = defaultdict(list)

    def subscribe(self, event: type[E], handler: Callable[[E], None]) -> None:
        self._handlers[event].append(handler)

    def publish(self, event: object) -> None:
        """Call the handlers of an event one by one; one that fails is logged, and stops nobody."""
        for handler in self._handlers[type(event)]:
            try:
                handler(event)
            except Exception:
                log.exception("%r failed on %r", handler, event)
