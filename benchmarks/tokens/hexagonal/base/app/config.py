import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    database_url: str
    secret_key: str

    @classmethod
    def from_environ(cls) -> "Settings":
        return cls(database_url=os.environ["DATABASE_URL"], secret_key=os.environ["SECRET_KEY"])
