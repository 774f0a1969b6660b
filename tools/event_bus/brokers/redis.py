"""Redis Streams: one stream for each event, which holds what its slowest group has not had yet.

    events:stream:<event>   the stream: fields `id`, `key`, `data`
    events:places:<event>   a hash: group -> "<version> <holder> <position>"; see lane.py

The groups are ours and not Redis's own: those have no single receiver, and give what a dead one had to another one out
of order. A place is written by a script that compares it first, and then trims the stream up to the place of its
slowest group: never by length, so nothing is dropped that a known group has not had. A group that is gone for good
keeps the stream growing until it is forgotten: `HDEL events:places:<event> <group>`. What is sent for an event of
which no group is known is not stored. The memory of the server is the bound: with `maxmemory-policy noeviction` it
refuses what it has no room for, and `send` raises.

URL: `redis://`, `rediss://` (TLS) or `unix://`, as redis-py reads it; `?prefix=shop` in place of `events`, for several
apps on one server. Not for Redis Cluster. Needs Redis 6.2.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tools.event_bus.brokers.address import Address
from tools.event_bus.brokers.broker import BrokerDown, Packet, Take
from tools.event_bus.brokers.lane import Batch, Lanes, Place
from tools.event_bus.brokers.upkeep import Upkeep
from tools.event_bus.contract import Gives

if TYPE_CHECKING:
    from redis.asyncio import Redis

_BATCH = 128
_CONNECTED_WITHIN_S = 2.0
_MOST_CONNECTIONS = 10_000
_LONGEST_BLOCK_S = 5.0
_SENDS_AT_ONCE = 8  # each on a connection of its own; as is each group that is received for

# KEYS: stream and places of each packet; ARGV: id, key and data of each. All or nothing is stored, in this order.
_SEND = """
for i = 1, #KEYS / 2 do
    if redis.call('EXISTS', KEYS[2 * i]) == 1 then
        redis.call('XADD', KEYS[2 * i - 1], '*', 'id', ARGV[3 * i - 2], 'key', ARGV[3 * i - 1], 'data', ARGV[3 * i])
    end
end
"""

# KEYS: stream, places; ARGV: groups. One that is new comes behind the last packet. Gives the place of the last group.
# Those that are there are only read, as memory that is full refuses what could need more.
_OPEN = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
for _, group in ipairs(ARGV) do
    if redis.call('HEXISTS', KEYS[2], group) == 0 then
        redis.call('HSET', KEYS[2], group, '0  ' .. (last and last[1] or '0-0'))
    end
end
return redis.call('HGET', KEYS[2], ARGV[#ARGV])
"""

# KEYS: stream, places; ARGV: group, the place as it was, the place as it becomes. 1 if it was that. It trims before it
# writes: memory that is full refuses HSET, unless its script has written before; and to trim is what makes room.
_PLACE = """
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
local least, least_ms, least_n
local places = redis.call('HGETALL', KEYS[2])
for i = 1, #places, 2 do
    local place = places[i] == ARGV[1] and ARGV[3] or places[i + 1]
    local ms, n = string.match(place, '(%d+)%-(%d+)$')
    ms, n = tonumber(ms), tonumber(n)
    if not least or ms < least_ms or (ms == least_ms and n < least_n) then
        least, least_ms, least_n = string.match(place, '%d+%-%d+$'), ms, n
    end
end
redis.call('XTRIM', KEYS[1], 'MINID', '~', least)
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
"""


class RedisBroker:
    """An adapter of Redis Streams."""

    gives = Gives(
        transport="redis",
        gifts=frozenset({"durable", "ordered"}),
        power_cut="nothing with `appendonly yes` and `appendfsync always`; a second with `everysec`; "
        "minutes without `appendonly`, which is the default",
    )

    def __init__(self, url: str, timeout_s: float) -> None:
        self._address = Address(url, {"prefix": "events"})
        self._timeout_s = timeout_s
        self._prefix = self._address.options["prefix"]
        self._groups: dict[str, set[str]] = {}
        self._lanes = Lanes(self)
        self._sending = asyncio.Semaphore(_SENDS_AT_ONCE)
        self._upkeep: Upkeep[Redis] | None = None

    async def open(self, groups: Mapping[str, Sequence[str]]) -> None:
        for event, names in groups.items():
            self._groups.setdefault(event, set()).update(names)
        if self._upkeep is None:
            self._upkeep = self._new_upkeep()
        was_up = self._upkeep.is_up
        await self._upkeep.start(self._timeout_s)
        if was_up:
            async with self._upkeep.call(self._timeout_s) as redis:
                await self._declare(redis)

    async def send(self, packets: Sequence[Packet]) -> None:
        if not packets:
            return
        keys, values = list[str](), list[str | bytes]()
        for packet in packets:
            keys += self._keys(packet.event)
            values += (packet.event_id, packet.key, packet.data)
        async with self._up().call(self._timeout_s) as redis, self._sending:
            await redis.eval(_SEND, len(keys), *keys, *values)

    async def receive(self, event: str, group: str, take: Take) -> None:
        await self._lanes.receive(event, group, take)

    async def check_health(self) -> None:
        async with self._up().call(self._timeout_s) as redis:
            await redis.ping()

    async def close(self) -> None:
        await self._lanes.close()
        if self._upkeep is not None:
            await self._upkeep.close()

    async def wait(self) -> None:
        await self._up().wait()

    async def read_place(self, event: str, group: str) -> Place:
        async with self._up().call(self._timeout_s) as redis:
            version: str = (await redis.eval(_OPEN, 2, *self._keys(event), group)).decode()
        _, holder, position = version.split(" ")
        return Place(holder, position, version)

    async def write_place(self, event: str, group: str, place: Place) -> Place | None:
        version = f"{int(place.version.split(' ')[0]) + 1} {place.holder} {place.position}"
        async with self._up().call(self._timeout_s) as redis:
            done = await redis.eval(_PLACE, 2, *self._keys(event), group, place.version, version)
        return place._replace(version=version) if done else None

    async def batches(self, event: str, position: str) -> AsyncGenerator[Batch]:
        stream, _ = self._keys(event)
        block_s = min(_LONGEST_BLOCK_S, self._timeout_s / 2)
        while True:
            async with self._up().call(block_s + self._timeout_s) as redis:
                found: Any = await redis.xread({stream: position}, count=_BATCH, block=int(block_s * 1000) or 1)
            for _, entries in found:
                position = entries[-1][0].decode()
                yield [_packet(event, fields) for _, fields in entries], position

    def _keys(self, event: str) -> tuple[str, str]:
        return f"{self._prefix}:stream:{event}", f"{self._prefix}:places:{event}"

    def _up(self) -> "Upkeep[Redis]":
        if self._upkeep is None:
            raise BrokerDown(f"{self._address} is not connected: it was never opened")
        return self._upkeep

    def _new_upkeep(self) -> "Upkeep[Redis]":
        try:
            from redis import exceptions
        except ImportError:
            raise RuntimeError(
                f'EVENT_BUS_URL={self._address} needs redis-py: .venv/bin/pip install ".[redis]"'
            ) from None
        lost = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.ReadOnlyError, OSError)
        return Upkeep(
            self._address,
            self._connect,
            lambda redis: redis.aclose(),
            faults=(exceptions.RedisError, OSError),
            is_loss=lambda error: isinstance(error, lost),
        )

    async def _connect(self) -> "Redis":
        from redis.asyncio import ConnectionPool, Redis
        from redis.asyncio.connection import parse_url
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        ours: dict[str, Any] = {  # whatever the URL says
            "protocol": 2,
            "decode_responses": False,
            "socket_connect_timeout": min(self._timeout_s, _CONNECTED_WITHIN_S),
            "socket_timeout": None,  # each call has a limit of its own
            "retry": Retry(NoBackoff(), 0),
            "max_connections": _MOST_CONNECTIONS,
        }
        pool = ConnectionPool(**{**parse_url(self._address.url), **ours})
        pool.connection_class = _never_waiting(pool.connection_class)
        made = Redis.from_pool(pool)
        try:
            async with asyncio.timeout(min(self._timeout_s, _CONNECTED_WITHIN_S)):
                await made.ping()
                await self._declare(made)
        except BaseException:
            await made.aclose()
            raise
        return made

    async def _declare(self, redis: "Redis") -> None:
        for event, groups in self._groups.items():
            await redis.eval(_OPEN, 2, *self._keys(event), *groups)


def _never_waiting(connection_class: type[Any]) -> type[Any]:
    """Have connections that a silent server cannot keep open: redis-py closes them when all is sent."""

    class Abrupt(connection_class):  # type: ignore[misc]  # which one it is, redis-py reads from the URL
        async def disconnect(self, *args: Any, **options: Any) -> None:
            if self._writer is not None:
                self._writer.transport.abort()
            await super().disconnect(*args, **options)

    return Abrupt


def _packet(event: str, fields: Mapping[bytes, bytes]) -> Packet:
    """Read what was sent; what another program put there is passed on, to be found out."""
    try:
        return Packet(event, fields[b"id"].decode(), fields[b"key"].decode(), fields[b"data"])
    except (KeyError, UnicodeDecodeError):
        return Packet(event, "", "", repr(fields).encode())
