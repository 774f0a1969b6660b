"""What is read of the environment."""

from typing import Annotated

from msgspec import Meta, Struct


class AssistantSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """Read from the environment; the table of settings in the documentation is made from it."""

    env: Annotated[str, Meta(description="any word but this keeps assistants out: no `/mcp`, no rehearsal")] = (
        "development"
    )

    @property
    def is_development(self) -> bool:
        """Whether assistants are let in."""
        return self.env == "development"
