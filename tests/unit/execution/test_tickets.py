import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_connection, create_server

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.clients.tickets import TicketSender, connected, create_ticket_app
from app.errors import BrokerUnavailableError
from tests.support.servers import free_port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate that nobody has signed but itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(tz=UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    built = (
        x509
        .CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def imposter(certificate: Path) -> Iterator[int]:
    """A server that says it is the broker; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with create_server(("127.0.0.1", 0)) as listener:
        is_over = threading.Event()

        def serve() -> None:
            while not is_over.is_set():
                connection, _ = listener.accept()
                with suppress(OSError), connection:
                    context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        port: int = listener.getsockname()[1]
        yield port
        is_over.set()
        create_connection(("127.0.0.1", port)).close()
        thread.join()


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
def test_a_broker_that_can_not_prove_its_name_is_not_spoken_to(scheme: str, imposter: int) -> None:
    app = create_ticket_app(f"{scheme}://judge:secret@127.0.0.1:{imposter}/")

    with pytest.raises(BrokerUnavailableError) as error, connected(app):
        pass

    assert "certificate verify failed" in str(error.value.__cause__)


def test_ringing_takes_no_time_and_never_fails_however_long_the_broker_is_away() -> None:
    with create_server(("127.0.0.1", 0)) as silent:
        sender = TicketSender(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        sender.start()
        started_s = time.monotonic()
        for _ in range(1000):
            sender.ring()
        took_s = time.monotonic() - started_s
    sender.close()

    assert took_s < 60  # each would wait for an answer for seconds


@pytest.mark.asyncio
async def test_a_broker_that_never_answered_is_told() -> None:
    sender = TicketSender(f"amqp://127.0.0.1:{free_port()}//")

    with pytest.raises(BrokerUnavailableError):
        await sender.check()
