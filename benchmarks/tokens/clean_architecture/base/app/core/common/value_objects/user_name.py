from dataclasses import dataclass
from typing import ClassVar

from app.core.common.exceptions import InvalidValueError


@dataclass(frozen=True)
class UserName:
    MAX_LEN: ClassVar[int] = 100

    value: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.value) <= self.MAX_LEN:
            raise InvalidValueError("name", f"must have 1 to {self.MAX_LEN} characters")
