"""What stands in this process, and whether it is well."""

from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.registry.contract import Registry
from tools.registry.settings import RegistrySettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `registry`."""

    def system_registry(environ: Mapping[str, str]) -> Registry:
        from tools.registry.system_registry import SystemRegistry

        disabled = environ.get("PLUGINS_DISABLED", "").replace(",", " ").split()
        return SystemRegistry(msgspec.convert(environ, RegistrySettings, strict=False), disabled)

    return [Tool("registry", Registry, RegistrySettings, system_registry)]
