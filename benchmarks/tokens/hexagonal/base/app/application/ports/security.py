from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Caller:
    id: int
    role: str


class PasswordHasher(Protocol):
    def hash(self, password: str) -> str: ...

    def verify(self, password: str, hashed: str | None) -> bool:
        """Tell whether it is the password, in the same time where there is no hash."""
        ...


class Tokens(Protocol):
    def issue(self, caller: Caller) -> str: ...

    def read(self, token: str) -> Caller:
        """Read who calls; InvalidTokenError where nobody can tell."""
        ...
