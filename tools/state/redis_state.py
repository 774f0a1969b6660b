"""The `state` that processes share.

An integer is stored as Redis counts it, in decimal digits; everything else as msgpack. The first byte tells which:
below 0x80 msgpack has small integers only, which are never stored so. So INCRBY counts exactly, in 64 bits and in
Redis, and refuses to count text: "5" is the byte 0xA1 and then 5. A script would count in Lua's numbers, which are
exact to 2**53.
"""

import math
from typing import Any

from redis.exceptions import ResponseError

from hookspecs import hookimpl
from tools.state.contract import State, StateFullError, StateUnavailableError
from tools.state.redis_link import RedisLink
from tools.state.settings import StateSettings
from tools.state.values import check_held, check_step, check_ttl, decode, encode, too_large

LONGEST_MS = 2**53  # 285,000 years: more is for ever


class RedisState:
    """One namespace of what one Redis keeps below a prefix, the kernel's being the one of no name."""

    def __init__(self, settings: StateSettings, link: RedisLink, names: tuple[str, ...] = ()) -> None:
        self._settings, self._link, self._names = settings, link, names
        self._start = b"".join(b"%s:" % _part(name) for name in (settings.state_prefix, "state", *names))

    @hookimpl
    async def on_boot(self) -> None:
        try:
            # a write, for a replica and a user without rights would read; `_part` writes no key like this
            await self._link.run(lambda client: client.set(self._start + b"%", b"", px=1))
        except StateFullError:
            pass  # it is there
        except StateUnavailableError as error:
            await self._link.close()
            advice = "start it, or set STATE_URL to another one, or to memory://"
            raise RuntimeError(f"STATE_URL: {error.reason}: {advice}") from None

    @hookimpl
    async def check_health(self) -> None:
        await self._link.run(lambda client: client.ping())

    @hookimpl
    async def on_shutdown(self) -> None:
        await self._link.close()

    def namespace(self, name: str) -> State:
        return RedisState(self._settings, self._link, (*self._names, name))

    async def get(self, key: str, default: object = None) -> Any:
        place = self._place(key)
        stored = await self._link.run(lambda client: client.get(place))
        return default if stored is None else _value(stored)

    async def set(self, key: str, value: object, *, ttl: float | None = None) -> None:
        place, ms, stored = self._place(key), _ms(ttl), _stored(encode(key, value))
        await self._link.run(lambda client: client.set(place, stored, px=ms))

    async def delete(self, key: str) -> bool:
        place = self._place(key)
        return bool(await self._link.run(lambda client: client.delete(place)))

    async def increment(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
        place, ms = self._place(key), _ms(ttl)
        check_step(key, by)

        async def count(client: Any) -> list[Any]:
            steps = client.pipeline(transaction=True).set(place, 0, px=ms, nx=True).incrby(place, by)
            answers: list[Any] = await steps.execute(raise_on_error=False)
            return answers

        _, counted = await self._link.run(count)
        if isinstance(counted, ResponseError):
            if "overflow" not in str(counted):
                check_held(key, await self.get(key))
            raise too_large(key)
        return int(counted)

    async def ttl(self, key: str) -> float | None:
        place = self._place(key)
        left_ms = await self._link.run(lambda client: client.pttl(place))
        return left_ms / 1000 if left_ms >= 0 else None

    def _place(self, key: str) -> bytes:
        return self._start + _part(key)


def _part(text: str) -> bytes:
    """Write a name so that none holds the colon between them: no two lists of names are the same bytes.

    >>> _part("a:b%")
    b'a%3Ab%25'
    """
    return text.replace("%", "%25").replace(":", "%3A").encode("utf-8", "surrogatepass")


def _stored(encoded: bytes) -> bytes:
    """Write an integer, as msgpack has it, in digits; leave the rest.

    >>> _stored(encode("", 300)), _stored(encode("", "300")).hex(" ")
    (b'300', 'a3 33 30 30')
    """
    kind = encoded[0]
    is_integer = kind < 0x80 or 0xCC <= kind <= 0xD3 or kind >= 0xE0  # of msgpack's specification
    return b"%d" % decode(encoded) if is_integer else encoded


def _value(stored: bytes) -> Any:
    return int(stored) if stored[0] < 0x80 else decode(stored)


def _ms(ttl: float | None) -> int | None:
    """Round up: a time above 0 is never none.

    Raises:
        ValueError: it is not above 0.
    """
    check_ttl(ttl)
    return None if ttl is None or ttl * 1000 > LONGEST_MS else math.ceil(ttl * 1000)
