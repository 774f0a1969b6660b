"""Passwords, access tokens and guards: offers the tool `auth`."""

from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.auth.contract import Auth
from tools.auth.settings import AuthSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `auth`: argon2id for passwords, HS256 for tokens."""

    def factory(environ: Mapping[str, str]) -> Auth:
        from tools.auth.jwt_auth import JwtAuth

        return JwtAuth(msgspec.convert(environ, AuthSettings, strict=False))

    yield Tool("auth", Auth, AuthSettings, factory)
