"""TLS: the broker, or a proxy before it, speaks TLS with a certificate that is trusted by `cafile`."""

import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests import nats_server
from tests.contracts.brokers.hands import Hands, packets, receiving
from tests.kafka_cluster import KafkaCluster
from tests.proxy import proxy
from tests.rabbitmq_server import RabbitServer
from tests.tools.event_bus.brokers.conftest import MakeBroker
from tools.event_bus.brokers.broker import Broker, BrokerDown


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a certificate of 127.0.0.1, which signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return file


def _context(certificate: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    return made


async def _carries(broker: Broker, event: str) -> None:
    hands = Hands()
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send(packets(event, "ab"))
        await hands.count(2)
    assert hands.texts == ["a", "b"]


async def test_rabbitmq_is_spoken_to_by_tls(
    rabbit: RabbitServer, make_broker: MakeBroker, event: str, certificate: Path
) -> None:
    async with proxy(rabbit.address, _context(certificate)) as made:
        url = rabbit.url_through(made.port, "amqps")
        await _carries(make_broker("rabbitmq", f"{url}?cafile={certificate}"), event)
        with pytest.raises(BrokerDown, match="CERTIFICATE_VERIFY_FAILED"):
            await make_broker("rabbitmq", url, 1.0).open({})


async def test_kafka_is_spoken_to_by_tls(make_broker: MakeBroker, event: str, certificate: Path) -> None:
    cluster = KafkaCluster()
    async with proxy(("127.0.0.1", cluster.port), _context(certificate)) as made:
        cluster.advertise(made.port)
        cluster.start()
        try:
            await _carries(make_broker("kafka", f"{cluster.url}&tls=yes&cafile={certificate}"), event)
            with pytest.raises(BrokerDown):
                await make_broker("kafka", f"{cluster.url}&tls=yes", 1.0).open({})
        finally:
            cluster.kill()


@pytest.mark.parametrize("is_optional", [False, True])
async def test_nats_is_spoken_to_by_tls(
    make_broker: MakeBroker, event: str, certificate: Path, is_optional: bool
) -> None:
    more = "allow_non_tls: true" if is_optional else ""
    tls = f'tls {{ cert_file: "{certificate}", key_file: "{certificate}" }}\n{more}'
    with nats_server.server(tls) as server:
        url = server.url.replace("nats://", "tls://")
        await _carries(make_broker("nats", f"{url}?cafile={certificate}"), event)
        with pytest.raises(BrokerDown, match="CERTIFICATE_VERIFY_FAILED"):
            await make_broker("nats", url, 4.0).open({})


async def test_nats_that_speaks_no_tls_is_told_no_password(make_broker: MakeBroker) -> None:
    with nats_server.server("authorization { user: ana, password: right }") as server:
        for host in (server.url.removeprefix("nats://"), f"{server.url.removeprefix('nats://')},127.0.0.1:1"):
            with pytest.raises(BrokerDown, match="secure connection not available"):
                await make_broker("nats", f"tls://ana:right@{host}", 1.0).open({})
