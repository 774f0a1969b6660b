"""Offers `http`: endpoints over ASGI, bound by name and annotation."""

from collections.abc import Mapping

from hookspecs import Tool, hookimpl
from tools.http.contract import Http
from tools.http.settings import HttpSettings


@hookimpl
def register_tools() -> list[Tool]:
    def factory(environ: Mapping[str, str]) -> object:
        from tools.http.starlette_http import StarletteHttp

        return StarletteHttp.from_environ(environ)

    return [Tool("http", Http, HttpSettings, factory)]
