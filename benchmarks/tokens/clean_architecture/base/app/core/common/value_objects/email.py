import re
from dataclasses import dataclass
from typing import ClassVar

from app.core.common.exceptions import InvalidValueError


@dataclass(frozen=True)
class Email:
    """An address in lower case: one address is one account."""

    MAX_LEN: ClassVar[int] = 254
    PATTERN: ClassVar[re.Pattern[str]] = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

    value: str

    def __post_init__(self) -> None:
        if len(self.value) > self.MAX_LEN or not self.PATTERN.fullmatch(self.value):
            raise InvalidValueError("email", "is not an email address")
        object.__setattr__(self, "value", self.value.lower())
