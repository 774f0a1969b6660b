"""Typed settings for plugins: offers the tool `config`."""

from collections.abc import Iterable, Mapping

from hookspecs import Tool, hookimpl
from tools.config.contract import Config


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `config`: the mapping that the app was created with, by default the environment."""

    def factory(environ: Mapping[str, str]) -> Config:
        from tools.config.environ_config import EnvironConfig

        return EnvironConfig(environ)

    yield Tool("config", Config, None, factory)
