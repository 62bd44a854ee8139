"""Certificates of an authority that only tests trust."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """A server's certificate and key as PEM, and that of the authority which signed it."""

    certificate: bytes
    key: bytes
    authority: bytes

    def server_context(self, folder: Path) -> ssl.SSLContext:
        """Make what a server proves its name with; `folder` is for a file."""
        path = folder / "server.pem"
        path.write_bytes(self.certificate + self.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Make what a client trusts: this authority and no other."""
        return ssl.create_default_context(cadata=self.authority.decode())


@cache
def certified(name: str) -> Certified:
    """Make a certificate for a name."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("authority of the tests", authority_key, authority_key, None)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(name, key, authority_key, authority)
    return Certified(
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
        key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        authority=authority.public_bytes(serialization.Encoding.PEM),
    )


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    signing_key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509
        .CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signing_key, hashes.SHA256())
