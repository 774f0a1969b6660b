"""What was found out about statements, so that it need not be again: within bounds, whatever texts are made up."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Known(Generic[K, V]):
    """Answers by key; all are forgotten once they are too many, or of too long texts.

    Args:
        most: answers.
        most_characters: of their texts together; `IN (?, ?, ...)` has another text for each length.
    """

    def __init__(self, most: int = 512, most_characters: int = 2_000_000) -> None:
        self._most, self._most_characters = most, most_characters
        self._found: dict[K, V] = {}
        self._characters = 0
        self.get = self._found.get

    def add(self, key: K, answer: V, characters: int) -> V:
        """Keep an answer, and give it."""
        self._characters += characters
        if len(self._found) >= self._most or self._characters > self._most_characters:
            self.forget()
            self._characters = characters
        self._found[key] = answer
        return answer

    def forget(self) -> None:
        """Forget all."""
        self._found.clear()
        self._characters = 0
