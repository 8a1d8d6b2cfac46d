"""RSA keys of channels: read as people paste them, sign and verify with SHA-256 and PKCS#1 v1.5."""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEPT = 256
"""So many keys are kept as objects: checking a private key takes longer than signing with it."""
ODD = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
"""What the library raises for keys and certificates that somebody has been playing with."""
_ARMOUR = re.compile(r"-----[A-Z ]+-----|\s+")


class BadKey(Exception):
    """A key or certificate that cannot be read; the text says which kind was expected."""


class WrongMode(BadKey):
    """A key for test money in a live account, or the other way round."""


@lru_cache(maxsize=KEPT)
def private_key(text: str) -> rsa.RSAPrivateKey:
    """A PEM (PKCS#1 or #8), or its bare base64 as Alipay's tool writes it. Raises BadKey."""
    der = _der(text)
    for label in ("PRIVATE KEY", "RSA PRIVATE KEY"):
        try:
            key = serialization.load_pem_private_key(_pem(der, label), None)
        except ODD:
            continue
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
            return key
    raise BadKey("private key")


@lru_cache(maxsize=KEPT)
def public_key(text: str) -> rsa.RSAPublicKey:
    """A PEM, its bare base64, or the key of a PEM certificate. Raises BadKey."""
    try:
        is_certificate = "CERTIFICATE" in text
        key = certificate(text).public_key() if is_certificate else serialization.load_der_public_key(_der(text))
    except ODD as error:
        raise BadKey("public key") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise BadKey("public key")
    return key


@lru_cache(maxsize=KEPT)
def certificate(text: str) -> x509.Certificate:
    """An X.509 certificate in PEM. Raises BadKey."""
    try:
        return x509.load_pem_x509_certificate(text.strip().encode())
    except ODD as error:
        raise BadKey("certificate") from error


def sign(key: rsa.RSAPrivateKey, message: bytes) -> str:
    """The signature in base64."""
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(key: rsa.RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether the signature is the key's over exactly these bytes; base64 must be the one canonical spelling."""
    raw = strict_base64(signature)
    if raw is None:
        return False
    try:
        key.verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def strict_base64(text: str) -> bytes | None:
    """The bytes, or None for anything but the canonical spelling: decoders skip what they do not know."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def _der(text: str) -> bytes:
    bare = _ARMOUR.sub("", text)
    try:
        return base64.b64decode(bare, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadKey("base64") from error


def _pem(der: bytes, label: str) -> bytes:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{body}-----END {label}-----\n".encode()
