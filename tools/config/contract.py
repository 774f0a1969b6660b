"""What plugins may ask of `config`."""

from typing import Protocol, TypeVar

import msgspec

SettingsT = TypeVar("SettingsT", bound=msgspec.Struct)


class SettingError(ValueError):
    """A setting that is missing or wrong; the text names it and who asked for it."""


class Config(Protocol):
    """Gives plugins their settings, typed, from where the app got its own."""

    def read(self, settings: type[SettingsT]) -> SettingsT:
        """Read a plugin's settings; a Struct with rename="upper", at boot.

        Args:
            settings: a Struct with `frozen=True, rename="upper", kw_only=True`: the field `greet_timeout_s` is
                GREET_TIMEOUT_S in the environment, what is not set has the field's default, and
                `Annotated[float, msgspec.Meta(description="...", gt=0)]` documents and bounds it.

        Raises:
            SettingError: a value is missing, or not of its field's type or bounds.
            RuntimeError: called outside a hook.
        """
        ...

    def get(self, name: str, default: str | None = None) -> str | None:
        """Get one setting as text, or `default`, without telling the manifest."""
        ...
