"""How `state` finds its Redis, or says that it does not; and that no password is ever said."""

import asyncio
import datetime
import ssl
import sys
import traceback
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.proxy import Fault, Proxy, proxy
from tests.redis_server import RedisServer, server
from tests.tools.state.reach import made
from tools.state.contract import StateFullError, StateUnavailableError

CANARY = "canary-1"


def secret(redis: RedisServer, password: str = CANARY) -> str:
    return redis.url.replace("unix://", f"unix://:{password}@")


def said(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + caplog.text


@pytest.mark.parametrize("fault", ["refuse", "blackhole", "reset", "half"])
async def test_a_boot_without_redis_ends_soon_and_says_what_to_do(way: Proxy, fault: Fault) -> None:
    await way.switch(fault)
    state = made(f"redis://user:{CANARY}@127.0.0.1:{way.port}/0", state_timeout_s=0.2)
    message = (
        rf"^STATE_URL: Redis at 127.0.0.1:{way.port}: .+: start it, or set STATE_URL to another one, or to memory://$"
    )

    async with asyncio.timeout(1):
        with pytest.raises(RuntimeError, match=message):
            await state.on_boot()

    await state.on_shutdown()


async def test_a_redis_that_only_reads_is_refused_at_boot() -> None:
    with (
        server("--replicaof", "127.0.0.1", "1") as replica,
        pytest.raises(RuntimeError, match="against a read only replica: start it, or set STATE_URL"),
    ):
        await made(replica.url).on_boot()


async def test_health_is_redis_health(redis: RedisServer, way: Proxy) -> None:
    state = made(f"redis://127.0.0.1:{way.port}/3", state_timeout_s=0.2)
    await state.on_boot()
    await state.check_health()

    await way.switch("blackhole")
    with pytest.raises(StateUnavailableError):
        await state.check_health()

    await state.on_shutdown()


async def test_databases_and_prefixes_are_kept_apart(redis: RedisServer) -> None:
    states = [made(f"{redis.url}?db={db}", state_prefix=prefix) for db in (0, 1) for prefix in ("a", "a:state", "a%")]
    for number, state in enumerate(states):
        await state.on_boot()
        await state.set("key", number)
        await state.namespace("state").set("key", -1)

    assert [await state.get("key") for state in states] == list(range(len(states)))
    for state in states:
        await state.on_shutdown()


async def test_two_of_one_prefix_share_what_they_keep(redis: RedisServer) -> None:
    one, other = (made(redis.url, state_prefix="shared") for _ in range(2))
    counts = await asyncio.gather(*(state.namespace("n").increment("x", ttl=60) for state in (one, other) * 50))

    assert sorted(counts) == list(range(1, 101))
    for state in (one, other):
        await state.on_shutdown()


async def test_a_boot_leaves_what_there_is_alone_whatever_its_key(redis: RedisServer) -> None:
    first, second = made(redis.url, state_prefix="boots"), made(redis.url, state_prefix="boots")
    keys = ["", "%", ":", "state"]
    await first.on_boot()
    for key in keys:
        await first.set(key, 7)
    await second.on_boot()
    await asyncio.sleep(0.01)  # longer than what a boot writes is there
    assert [await second.get(key) for key in keys] == [7] * len(keys)
    await first.on_shutdown()
    await second.on_shutdown()


async def test_what_is_over_goes_by_itself(redis: RedisServer) -> None:
    state = made(redis.url)
    await state.set("key", 1, ttl=0.02)
    await state.increment("n", ttl=0.0001)

    async with asyncio.timeout(5):
        while await state.get("key") is not None or await state.get("n") is not None:
            await asyncio.sleep(0.005)
    await state.on_shutdown()


async def test_a_full_redis_refuses_what_takes_room_and_gives_what_is_there() -> None:
    with server("--maxmemory", "3mb") as redis:
        state = made(redis.url)
        await state.set("n", 7)
        for size in (100_000, 1_000, 1):
            with pytest.raises(StateFullError) as caught:
                for number in range(10_000):
                    await state.set(f"key {size} {number}", "x" * size)
        with pytest.raises(StateFullError):
            for number in range(100):
                await state.increment(f"m {number}")
        full_again = made(redis.url)
        await full_again.on_boot()

        assert (caught.value.status, caught.value.retry_after_s) == (503, 30)
        assert [await state.get("n"), await state.get("key 100000 0")] == [7, "x" * 100_000]
        assert await state.delete("key 100000 0")
        await state.set("m", 1)
        for one in (state, full_again):
            await one.on_shutdown()


async def test_what_somebody_else_put_there_is_a_refusal_that_is_logged_once(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    from redis.asyncio import Redis

    state = made(redis.url, state_prefix="theirs")
    other = Redis.from_url(redis.url)
    await other.lpush("theirs:state:key", b"1")

    for _ in range(20):
        with pytest.raises(StateUnavailableError, match="out of reach"):
            await state.get("key")

    assert caplog.text.count("WRONGTYPE") == 1
    await state.set("key", 1)
    await state.on_shutdown()
    await other.aclose()


async def test_a_wrong_password_is_said_without_it(caplog: pytest.LogCaptureFixture) -> None:
    with server("--requirepass", "right") as redis:
        state = made(secret(redis))
        with pytest.raises(RuntimeError, match="invalid|WRONGPASS") as caught:
            await state.on_boot()
        for _ in range(6):
            with pytest.raises(StateUnavailableError) as later:
                await state.get("key")
        await state.on_shutdown()

    assert CANARY not in said(caught.value, caplog) + said(later.value, caplog) + repr(later.value.reason)


async def test_a_redis_that_repeats_the_password_is_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    with server("--rename-command", "AUTH", "") as redis:
        state = made(secret(redis, "canary%2D1"))
        with pytest.raises(RuntimeError, match=r"with args beginning with: `\*\*\*`") as caught:
            await state.on_boot()
        for _ in range(6):
            with pytest.raises(StateUnavailableError) as later:
                await state.get("key")
        await state.on_shutdown()

    assert CANARY not in said(caught.value, caplog) + said(later.value, caplog) + repr(later.value.reason)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:canary-1/x@cache:6379",
        "redis://:12/canary-1@cache:6379",
        "redis://:canary-1@cache:port",
        "redis://:canary-1@cache/database",
        "redis://:canary-1@cache?db=x",
        "redis://:x@cache?canary-1=1",
        "redis://:x@[canary-1",
    ],
)
def test_an_url_that_cannot_be_read_is_refused_without_any_of_it(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(
        ValueError, match="^STATE_URL is no URL of a Redis: write redis://user:password@host:6379/0"
    ) as caught:
        made(url)

    assert CANARY not in said(caught.value, caplog)


def test_without_the_extra_the_boot_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("tools.state.redis_")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis", None)  # what Python does with a module that is not there
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)

    message = r"^STATE_URL asks for Redis, which needs redis-py: .venv/bin/pip install "
    with pytest.raises(RuntimeError, match=message):
        made("redis://cache")


async def test_a_server_that_is_no_redis_is_not_taken_for_one() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(RuntimeError, match=r"^STATE_URL: Redis at .+: Protocol Error"):
        await made(f"redis://127.0.0.1:{port}").on_boot()
    listening.close()
    await listening.wait_closed()


async def test_over_tls_the_certificate_is_checked(redis: RedisServer, tmp_path: Path) -> None:
    tls, certificate = _tls(tmp_path)
    async with proxy(redis.target, tls) as way:
        url = f"rediss://127.0.0.1:{way.port}/0"
        state = made(f"{url}?ssl_ca_certs={certificate}")
        await state.on_boot()
        assert await state.increment("n") == 1
        await state.on_shutdown()

        with pytest.raises(RuntimeError, match="CERTIFICATE_VERIFY_FAILED"):
            await made(url).on_boot()


def _tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    signed = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, private)
    return context, certificate
