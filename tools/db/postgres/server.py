"""The server: where the URL says it is, and how each connection to it is set up."""

import json
import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from databases import DatabaseURL

from tools.db.contract import Unavailable
from tools.db.postgres.wire import LOST, Raw

_OLDEST_MAJOR = 13
_GRACE_S = 2.0
"""The server interrupts what takes too long; the client gives a connection up that is silent for as much longer."""

_HOST = r"(\[[0-9a-fA-F:.%]+\]|[^\[\]/?#@:,]*)(:\d+)?"
_URL = re.compile(rf"postgres(ql)?(\+\w+)?://([^/?#@:\[\]]*(:[^/?#@\[\]]*)?@)?{_HOST}(,{_HOST})*(/[^/?#@]*)?(\?[^#]*)?")
"""RFC 3986 section 3.2, strictly: a password that has `/` or `#` in it would be taken for a host or a path."""


class Server:
    """The PostgreSQL that a URL names.

    Raises:
        ValueError: the URL names none.
    """

    def __init__(self, url: str, *, timeout_s: float, wait_s: float) -> None:
        if not _URL.fullmatch(url):  # of which no part is shown: what cannot be read may be of the password
            raise ValueError(
                "DATABASE_URL cannot be read: write postgresql://user:password@host:5432/name, and percent-encode what"
                " is no letter, digit, hyphen or dot in user and password (# as %23, / as %2F, @ as %40)"
            )
        parsed = DatabaseURL(url)
        if parsed.dialect not in ("postgresql", "postgres") or parsed.driver not in ("", "asyncpg"):
            raise ValueError(f"DATABASE_URL begins with {parsed.scheme!r}: write postgresql://user:password@host/name")
        self._dsn = f"postgresql{url[url.index('://') :]}"
        self._timeout_s, self._wait_s = timeout_s, wait_s
        self._silence_s = timeout_s + _GRACE_S

    @property
    def name(self) -> str:
        """The URL without its password."""
        parts = urlsplit(self._dsn)
        host = parts.netloc.rpartition("@")[2]
        return f"postgresql://{host}{parts.path}"

    async def connect(self, *, wait_s: float | None = None, has_limit: bool = True) -> Raw:
        """Open a connection; migrations have no limit.

        Raises:
            Unavailable: there is no answer, or a refusal.
        """
        try:
            raw: Raw = await asyncpg.connect(
                self._dsn,
                timeout=self._wait_s if wait_s is None else wait_s,
                command_timeout=self._silence_s if has_limit else None,
                server_settings={
                    "application_name": "microcoreos",
                    "statement_timeout": str(max(1, round(self._timeout_s * 1000))),
                    "timezone": "UTC",
                },
            )
        except (*LOST, asyncpg.PostgresError) as error:
            raise Unavailable(f"{str(error) or 'no answer'}, while connecting to {self.name}") from error
        try:
            await _set_up(raw)
        except (*LOST, asyncpg.PostgresError) as error:
            raw.terminate()
            raise Unavailable(f"{str(error) or 'no answer'}, while connecting to {self.name}") from error
        except BaseException:
            raw.terminate()
            raise
        return raw


async def _set_up(raw: Raw) -> None:
    if raw.get_server_version().major < _OLDEST_MAJOR:
        raise asyncpg.FeatureNotSupportedError(
            f"PostgreSQL {raw.get_server_version().major} is too old: use {_OLDEST_MAJOR} or later"
        )
    for name in ("json", "jsonb"):
        await _codec(raw, name, encoder=_json, decoder=json.loads, format="text")
    # asyncpg's own UUID is a subclass, which not everything takes for one
    await _codec(raw, "uuid", encoder=_uuid_bytes, decoder=lambda data: UUID(bytes=data), format="binary")


async def _codec(raw: Raw, name: str, **how: Any) -> None:
    await raw.set_type_codec(name, schema="pg_catalog", **how)


def _json(value: object) -> str:
    """JSON text as it is; anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _uuid_bytes(value: UUID | str) -> bytes:
    return value.bytes if isinstance(value, UUID) else UUID(value).bytes
