from typing import Protocol


class EventPublisher(Protocol):
    def publish(self, event: object) -> None:
        """Publish what has been committed."""
        ...
