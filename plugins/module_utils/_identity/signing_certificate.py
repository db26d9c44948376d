# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate and private key of an application, read from PEM or PFX files.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.entra.cba.plugins.module_utils._dependencies import (
    Encoding,
    InvalidSignature,
    NoEncryption,
    PrivateFormat,
    UnsupportedAlgorithm,
    hashes,
    load_pem_private_key,
    pkcs12,
    rsa,
    x509,
)
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import CredentialError

if t.TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

OPTION = "client_certificate_path"
KEY_OPTION = "client_certificate_key_path"


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """A certificate with its RSA private key; `chain` begins with it and goes up as far as the file has issuers."""

    private_key: rsa.RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    @property
    def sha256(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def sha1(self) -> str:
        """What the portal shows as thumbprint; for comparing, never for security."""
        return self.certificate.fingerprint(hashes.SHA1()).hex()

    @property
    def private_der(self) -> bytes:
        return self.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def read_signing_certificate(
    path: str, key_path: str | None, password: str | None, now: datetime
) -> SigningCertificate:
    """Read a PEM file with certificate and key, a PEM or DER certificate beside a key file, or a PFX file.

    `password` decrypts the key or the PFX; a key that is not encrypted needs none and takes any. Raises
    CredentialError, whose text never holds what a file holds.
    """
    content = _octets(OPTION, path)
    if key_path:
        key = _pem_key(KEY_OPTION, key_path, _octets(KEY_OPTION, key_path), password)
        certificates = _certificates(path, content)
    elif b"-----BEGIN" in content:
        certificates = _certificates(path, content)
        key = _pem_key(OPTION, path, content, password)
    else:
        key, certificates = _from_pfx(path, content, password)
    own = [each for each in certificates if each.public_key() == key.public_key()]
    certificate = max(own, key=lambda each: each.not_valid_after_utc, default=None)
    if certificate is None:
        files = f"{path} and the private key in {key_path}" if key_path else f"{path} and its private key"
        raise CredentialError(f"{OPTION}: the certificate in {files} do not belong together")
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CredentialError(
            f"{OPTION}: the key of the certificate in {path} is not RSA; Microsoft Entra takes no other"
        )
    if certificate.not_valid_after_utc < now:
        raise CredentialError(
            f"{OPTION}: the certificate in {path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}. Register a new"
            " one with the application, under Certificates & secrets"
        )
    return SigningCertificate(key, certificate, _chain(certificate, certificates))


def _octets(option: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CredentialError(f"{option}: {path} cannot be read: {error.strerror}") from error


def _certificates(path: str, content: bytes) -> Sequence[x509.Certificate]:
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except ValueError as error:
        raise CredentialError(f"{OPTION}: {path} holds no certificate in PEM") from error


def _pem_key(option: str, path: str, content: bytes, password: str | None) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(content, password=None)
    except TypeError:  # it is encrypted
        if not password:
            raise CredentialError(
                f"{option}: the private key in {path} is encrypted; give its password in 'client_certificate_password'"
            ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CredentialError(
            f"{option}: {path} holds no private key in PEM. It needs the certificate and its key, or name the key's"
            " file in 'client_certificate_key_path'"
        ) from error
    try:
        return load_pem_private_key(content, password=password.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CredentialError(f"client_certificate_password: it does not decrypt the private key in {path}") from error


def _from_pfx(path: str, content: bytes, password: str | None) -> tuple[PrivateKeyTypes, Sequence[x509.Certificate]]:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, password.encode() if password else None)
    except (ValueError, UnsupportedAlgorithm) as error:
        if password:
            message = f"client_certificate_password: it does not open {path}, or the file is neither PEM nor PFX"
        else:
            message = (
                f"{OPTION}: {path} is neither PEM nor a PFX (PKCS#12) without a password; if it has one, give it in"
                " 'client_certificate_password'"
            )
        raise CredentialError(message) from error
    if key is None or certificate is None:
        raise CredentialError(f"{OPTION}: {path} lacks the {'private key' if key is None else 'certificate'}")
    return key, [certificate, *others]


def _chain(leaf: x509.Certificate, candidates: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Go up from the leaf by signatures, whatever order the file has."""
    chain = [leaf]
    while True:
        issuer = next((each for each in candidates if each not in chain and _issued(each, chain[-1])), None)
        if issuer is None:
            return tuple(chain)
        chain.append(issuer)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
