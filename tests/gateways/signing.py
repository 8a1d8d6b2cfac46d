"""The emulators' own keys and signatures, on bare cryptography."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID

_folder: list[Path] = []


def keep_in(folder: Path) -> None:
    """Keep keys and certificates in a folder from run to run: the sandbox's must stay those that it gave out."""
    _folder[:] = [folder]


def _kept(name: str, make: Callable[[], bytes]) -> bytes:
    if not _folder:
        return make()
    path = _folder[0] / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.pem"
    if not path.exists():
        path.write_bytes(make())
        path.chmod(0o600)
    return path.read_bytes()


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """A key by name, made once a run."""
    found = serialization.load_pem_private_key(_kept(f"key {name}", _new_key), None)
    assert isinstance(found, rsa.RSAPrivateKey)
    return found


def _new_key() -> bytes:
    return private_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)).encode()


def private_pem(one: rsa.RSAPrivateKey) -> str:
    """PKCS#8, unencrypted."""
    kind = serialization.PrivateFormat.PKCS8
    return one.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


def public_pem(one: rsa.RSAPrivateKey) -> str:
    """The public half."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return one.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


def rsa_signature(one: rsa.RSAPrivateKey, text: str) -> str:
    """Base64 of the PKCS#1 v1.5 signature over the SHA-256 of a text."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    raw = one.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    return base64.standard_b64encode(raw).decode("ascii")


def is_rsa_signature(one: rsa.RSAPublicKey, text: str, signature: str) -> bool:
    """Whether it is."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    try:
        one.verify(base64.standard_b64decode(signature), digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def certificate(
    common_name: str,
    own: rsa.RSAPrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: rsa.RSAPrivateKey,
    *,
    ca: bool,
) -> x509.Certificate:
    """A certificate, ten years long; without an issuer it signs itself."""

    def make() -> bytes:
        return certificate_pem(_certificate(common_name, own, issuer, issuer_key, ca=ca)).encode()

    signer = issuer.subject.rfc4514_string() if issuer else "itself"
    return x509.load_pem_x509_certificate(_kept(f"certificate {common_name} by {signer} {public_pem(own)}", make))


def _certificate(
    common_name: str,
    own: rsa.RSAPrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: rsa.RSAPrivateKey,
    *,
    ca: bool,
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    today = datetime.now(UTC)  # noqa: TID251 - certificates live in real time
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def certificate_pem(one: x509.Certificate) -> str:
    """In PEM."""
    return one.public_bytes(serialization.Encoding.PEM).decode()
