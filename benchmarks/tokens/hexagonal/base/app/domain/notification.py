from dataclasses import dataclass, field


@dataclass(eq=False)
class Notification:
    user_id: int
    kind: str
    message: str
    id: int = field(init=False)
    """Given where it is stored."""
