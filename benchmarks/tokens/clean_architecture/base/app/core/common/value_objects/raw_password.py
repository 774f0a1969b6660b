from dataclasses import dataclass, field
from typing import ClassVar

from app.core.common.exceptions import InvalidValueError


@dataclass(frozen=True)
class RawPassword:
    MIN_LEN: ClassVar[int] = 8
    MAX_LEN: ClassVar[int] = 1024

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.MIN_LEN <= len(self.value) <= self.MAX_LEN:
            raise InvalidValueError("password", f"must have {self.MIN_LEN} to {self.MAX_LEN} characters")
