"""Offers `http` a second time, over Starlette's own routing, where TOOL_HTTP names this module."""

from collections.abc import Mapping

from hookspecs import Tool, hookimpl


@hookimpl
def register_tools(environ: Mapping[str, str]) -> list[Tool]:
    if environ.get("TOOL_HTTP") != __name__:
        return []  # a spare work is no second offer: without a choice there is one
    from tools.http.contract import Http
    from tools.http_plain.settings import PlainSettings

    def factory(environ: Mapping[str, str]) -> object:
        from tools.http_plain.plain_http import PlainHttp

        return PlainHttp(PlainSettings.from_environ(environ))

    return [Tool("http", Http, PlainSettings, factory)]
