"""Settings from a mapping of text, as it was when the app was created."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from hookspecs import Fact, hookimpl, owner
from tools.config.contract import SettingError, SettingsT
from tools.config.setting_facts import setting_facts


class Reading(NamedTuple):
    """Who read which settings."""

    owner: str
    settings: type[msgspec.Struct]


class EnvironConfig:
    """A copy of the environment: what changes later changes no running plugin."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._readings: list[Reading] = []

    def read(self, settings: type[SettingsT]) -> SettingsT:
        who = owner.get()
        reading = Reading(who.name, settings)
        who.undo.callback(self._readings.remove, reading)
        self._readings.append(reading)
        try:
            return msgspec.convert(self._environ, settings, strict=False)
        except msgspec.ValidationError as error:
            raise SettingError(f"{who.name} has a wrong setting, {error}: correct it in the environment") from error

    def get(self, name: str, default: str | None = None) -> str | None:
        return self._environ.get(name, default)

    @hookimpl
    def describe(self) -> Iterable[Fact]:
        for reading in dict.fromkeys(self._readings):
            yield from setting_facts(reading.owner, reading.settings)
