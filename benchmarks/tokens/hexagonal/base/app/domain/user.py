from dataclasses import dataclass, field


@dataclass(eq=False)
class User:
    name: str
    email: str
    password_hash: str
    role: str = "user"
    id: int = field(init=False)
    """Given where it is stored."""
