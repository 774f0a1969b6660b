from dataclasses import dataclass, field


@dataclass(eq=False)
class User:
    name: str
    email: str
    password_hash: str
    role: str = "user"
    is_blocked: bool = False
    id: int = field(init=False)
    """Given where it is stored."""

    def block(self) -> None:
        self.is_blocked = True
