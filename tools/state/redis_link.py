"""The way to one Redis: bounded in connections and in time, and closed while Redis is down."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from tools.state.circuit import Circuit, Down
from tools.state.contract import StateFullError, StateUnavailableError
from tools.state.settings import StateSettings

log = logging.getLogger(__name__)
T = TypeVar("T")
CLOSES_WITHIN_S = 2.0
_OURS: dict[str, Any] = {
    "retry": Retry(NoBackoff(), 0),
    "retry_on_error": [],
    "retry_on_timeout": False,
    "socket_timeout": None,  # one deadline is around each call, and needs no task
    "socket_connect_timeout": CLOSES_WITHIN_S,  # redis-py bounds closing by it, too
    "health_check_interval": 0,
    "protocol": 2,  # a connection begins with a command less
    "driver_info": None,  # and with two less
    "decode_responses": False,
}
"""What the options of a URL do not change."""


class RedisLink:
    """Carries calls out, each once: what failed half-way may have been done, and a counter is not to count it twice.

    redis-py has no part in retries or time-outs: its retries are off, and one deadline is around all that it does. It
    opens a connection anew where an idle one was closed by the other side, before it sends anything.
    """

    def __init__(self, settings: StateSettings) -> None:
        pool = _pool(settings)
        asked = pool.connection_kwargs
        self.server = str(
            asked["path"] if "path" in asked else f"{asked.get('host', 'localhost')}:{asked.get('port', 6379)}"
        )
        self._secrets = [str(asked[name]) for name in ("password", "ssl_password") if asked.get(name)]
        self._client = Redis(connection_pool=pool)
        self._timeout_s, self._full_s = settings.state_timeout_s, settings.state_sweep_s
        self._places = asyncio.Semaphore(settings.state_connections)
        self._circuit = Circuit(f"Redis at {self.server}")
        self._complaint = ""

    async def run(self, call: Callable[[Any], Awaitable[T]]) -> T:
        """Carry out a call with redis-py's client.

        Raises:
            StateUnavailableError: Redis is down, or refuses the call, or `STATE_TIMEOUT_S` is over: then the call may
                have been carried out.
            StateFullError: Redis has no memory left.
        """
        self._circuit.check()
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._timeout_s
        try:
            async with asyncio.timeout(self._timeout_s / 2):  # so Redis has at least half, or is not to blame
                await self._places.acquire()
        except TimeoutError:
            raise self._circuit.refusal(f"all its connections are busy for {self._timeout_s / 2} s") from None
        try:
            with self._circuit.passing():
                answer = await self._asked(call, ends_at)
        finally:
            self._places.release()
        if isinstance(answer, ResponseError):
            raise self._refused(answer)
        return answer

    async def close(self) -> None:
        """Close what is open, whatever state it is in."""
        with suppress(RedisError, OSError):
            await self._client.aclose(close_connection_pool=True)

    def _without_secrets(self, text: object) -> str:
        """Redis repeats the arguments of a command that it does not know: AUTH may be one."""
        shown = str(text).rstrip(".")
        for secret in self._secrets:
            shown = shown.replace(secret, "***")
        return shown

    async def _asked(self, call: Callable[[Any], Awaitable[T]], ends_at: float) -> T | ResponseError:
        try:
            async with asyncio.timeout_at(ends_at):
                return await call(self._client)
        except ResponseError as error:
            return error  # an answer: Redis is there
        except TimeoutError:
            raise Down(f"no answer within {self._timeout_s} s") from None
        except (RedisError, OSError) as error:
            raise Down(self._without_secrets(error) or type(error).__name__) from None

    def _refused(self, error: ResponseError) -> StateFullError | StateUnavailableError:
        """Make the answer to what Redis refuses while it serves others: READONLY, NOPERM, MISCONF."""
        if isinstance(error, OutOfMemoryError):
            return StateFullError(self._full_s)
        reason = self._without_secrets(error)
        if reason != self._complaint:
            log.error("state: Redis at %s refuses calls, as long as no other reason follows: %s", self.server, reason)
        self._complaint = reason
        return self._circuit.refusal(reason)


def _pool(settings: StateSettings) -> ConnectionPool:
    """Make the connections' pool, of which none is connected yet.

    Raises:
        ValueError: `STATE_URL` cannot be read. Its text holds nothing of it, as any part may be one of the password.
    """
    try:
        asked = dict(parse_url(settings.state_url))
        if "path" not in asked and not re.fullmatch(r"/?[0-9]*", urlsplit(settings.state_url).path):
            raise ValueError("redis-py would take database 0")
        pool = ConnectionPool(**{**asked, **_OURS, "max_connections": settings.state_connections})
        pool.connection_class(**pool.connection_kwargs)
    except (TypeError, ValueError):
        form = "redis://user:password@host:6379/0, with %2F for a / in the password, and only options of redis-py"
        raise ValueError(f"STATE_URL is no URL of a Redis: write {form}") from None
    return pool
