from abc import abstractmethod
from typing import Protocol


class EventPublisher(Protocol):
    @abstractmethod
    def publish(self, event: object) -> None:
        """Publish what has been committed."""
