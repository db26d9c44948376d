# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one X.509 certificate says, and whether another one signed it.

This module util is private to the collection.
"""

from __future__ import annotations

import hashlib
import typing as t
import warnings
from dataclasses import dataclass, field
from itertools import islice

from ansible_collections.entra.cba.plugins.module_utils._dependencies import (
    InvalidSignature,
    Prehashed,
    UnsupportedAlgorithm,
    ec,
    ed448,
    ed25519,
    hashes,
    padding,
    rsa,
    x509,
)
from ansible_collections.entra.cba.plugins.module_utils._pki import ber

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

# The extensions that say what a CA is (RFC 5280, section 4.2.1), by the content octets of their object identifier.
_SUBJECT_KEY_IDENTIFIER = bytes((0x55, 0x1D, 14))
_KEY_USAGE = bytes((0x55, 0x1D, 15))
_BASIC_CONSTRAINTS = bytes((0x55, 0x1D, 19))
_AUTHORITY_KEY_IDENTIFIER = bytes((0x55, 0x1D, 35))
_NAMES = {
    _SUBJECT_KEY_IDENTIFIER: "subjectKeyIdentifier",
    _KEY_USAGE: "keyUsage",
    _BASIC_CONSTRAINTS: "basicConstraints",
    _AUTHORITY_KEY_IDENTIFIER: "authorityKeyIdentifier",
}

_KEY_CERT_SIGN, _CRL_SIGN = 0x04, 0x02  # bits 5 and 6 of KeyUsage; bit 0 is the most significant one


class MalformedCertificate(ValueError):
    """The octets are no X.509 certificate, or one that breaks RFC 5280 in what this collection relies on."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. Two are equal when their DER is.

    `subject` and `issuer` are whole distinguished names as RFC 4514 writes them, the times are aware and in UTC, key
    identifiers are upper-case hexadecimal. `is_ca` is the cA of basicConstraints, `key_cert_sign` and `crl_sign` are
    bits of keyUsage, None without that extension. `unreadable` says why nothing but the DER is known; after `from_der`
    it is None.
    """

    der: bytes = field(repr=False)
    sha256: str = field(compare=False)
    subject: str = field(compare=False, default="")
    issuer: str = field(compare=False, default="")
    serial_number: int | None = field(compare=False, default=None)
    not_before: datetime | None = field(compare=False, default=None)
    not_after: datetime | None = field(compare=False, default=None)
    subject_key_identifier: str | None = field(compare=False, default=None)
    authority_key_identifier: str | None = field(compare=False, default=None)
    is_ca: bool = field(compare=False, default=False)
    key_cert_sign: bool | None = field(compare=False, default=None)
    crl_sign: bool | None = field(compare=False, default=None)
    unreadable: str | None = field(compare=False, default=None)
    parsed: x509.Certificate | None = field(compare=False, repr=False, default=None)

    @classmethod
    def from_der(cls, der: bytes) -> Certificate:
        """Read a certificate. Extensions that nothing here relies on may be as odd as they like.

        Raises MalformedCertificate.
        """
        try:
            with warnings.catch_warnings():
                # cryptography warns of what other software got wrong, such as a negative serial number.
                warnings.simplefilter("ignore")
                return cls._from_parsed(der, x509.load_der_x509_certificate(der))
        except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
            raise MalformedCertificate(f"it is not a valid X.509 certificate: {error}") from error

    @classmethod
    def from_unreadable_der(cls, der: bytes, reason: str) -> Certificate:
        """Return a value for a certificate that a trust store holds and nobody can read, so that it is not lost."""
        return cls(der=der, sha256=hashlib.sha256(der).hexdigest(), unreadable=reason)

    @classmethod
    def _from_parsed(cls, der: bytes, parsed: x509.Certificate) -> Certificate:
        issuer, subject, extensions = _outline(parsed.tbs_certificate_bytes)
        return cls(
            der=der,
            sha256=hashlib.sha256(der).hexdigest(),
            subject=distinguished_name(lambda: parsed.subject, subject),
            issuer=distinguished_name(lambda: parsed.issuer, issuer),
            serial_number=parsed.serial_number,
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
            subject_key_identifier=_subject_key_identifier(extensions.get(_SUBJECT_KEY_IDENTIFIER)),
            authority_key_identifier=_authority_key_identifier(extensions.get(_AUTHORITY_KEY_IDENTIFIER)),
            is_ca=_is_ca(extensions.get(_BASIC_CONSTRAINTS)),
            key_cert_sign=_key_usage(extensions.get(_KEY_USAGE), _KEY_CERT_SIGN),
            crl_sign=_key_usage(extensions.get(_KEY_USAGE), _CRL_SIGN),
            parsed=parsed,
        )

    def __str__(self) -> str:
        """Name the certificate for a person: its subject and the first eight digits of its SHA-256."""
        subject = "unreadable certificate" if self.unreadable else self.subject or "certificate without a subject"
        return f"{subject} (SHA-256 {self.sha256[:8]})"


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Say whether `issuer` signed `certificate`: names that match and a signature that verifies.

    False also where the signature's algorithm cannot be verified here.
    """
    return certificate.issuer == issuer.subject and _signature_verifies(certificate, issuer) is True


def is_self_signed(certificate: Certificate) -> bool | None:
    """Say whether a certificate is a root: its own issuer by name and by signature. None if that cannot be verified.

    The name alone does not make a root: a CA that changes its key certifies the new one under its own name with the
    old one (RFC 5280, section 3.2, calls that self-issued).
    """
    if certificate.unreadable:
        return None
    return certificate.issuer == certificate.subject and _signature_verifies(certificate, certificate)


def public_key_info(certificate: Certificate) -> bytes:
    """Return the subjectPublicKeyInfo (RFC 5280, section 4.1), the sixth field after the version, which is optional.

    Of a certificate that cannot be read it is the whole DER.
    """
    if certificate.parsed is None:
        return certificate.der
    fields = ber.children(ber.read(certificate.parsed.tbs_certificate_bytes))
    return next(islice((each for each in fields if each.tag != ber.CONTEXT_0), 5, None)).encoded


def _signature_verifies(certificate: Certificate, issuer: Certificate) -> bool | None:
    if certificate.parsed is None:
        return None
    return signature_verifies(certificate.parsed, certificate.parsed.tbs_certificate_bytes, issuer)


def signature_verifies(
    signed: x509.Certificate | x509.CertificateRevocationList, octets: bytes | memoryview, issuer: Certificate
) -> bool | None:
    """Verify the signature of a certificate or revocation list over `octets` with the issuer's key.

    None if the algorithm, the curve or the key is beyond what is installed here.

    x509.Certificate.verify_directly_issued_by will not do: it refuses SHA-1, with which roots still in use sign
    themselves (three in certifi's bundle), and names that two CAs encode as different string types. Octets are hashed
    where they lie, since of a revocation list they are many.
    """
    if issuer.parsed is None:
        return None
    try:
        key = issuer.parsed.public_key()
        parameters, algorithm = signed.signature_algorithm_parameters, signed.signature_hash_algorithm
        if isinstance(key, rsa.RSAPublicKey) and algorithm and isinstance(parameters, (padding.PKCS1v15, padding.PSS)):
            key.verify(signed.signature, _digest(algorithm, octets), parameters, Prehashed(algorithm))
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm and isinstance(parameters, ec.ECDSA):
            key.verify(signed.signature, _digest(algorithm, octets), ec.ECDSA(Prehashed(algorithm)))
        elif isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            key.verify(signed.signature, bytes(octets))
        else:
            # Signed with another kind of key than this one; unless the hash (MD5) or the kind of key (DSA) is one that
            # is not verified here.
            known = isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey))
            return False if known and (algorithm is None or parameters is not None) else None
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm):
        return None
    return True


def _digest(algorithm: hashes.HashAlgorithm, octets: bytes | memoryview) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(octets)
    return digest.finalize()


def _outline(tbs_certificate: bytes) -> tuple[ber.Element, ber.Element, dict[bytes, bytes]]:
    """Return issuer, subject and the extensions that matter here (RFC 5280, section 4.1).

    cryptography reads all extensions at once, so one that it cannot read would hide the others.
    """
    fields = [each for each in ber.children(ber.read(tbs_certificate)) if each.tag != ber.CONTEXT_0]
    issuer, subject = fields[2], fields[4]
    extensions: dict[bytes, bytes] = {}
    for wrapped in fields[6:]:
        if wrapped.tag == ber.CONTEXT_3:
            for extension in ber.children(next(ber.children(wrapped))):
                identifier, *_critical, value = ber.children(extension)
                if identifier.content in extensions:
                    raise MalformedCertificate(f"it has two {_NAMES[identifier.content]} extensions")
                if identifier.content in _NAMES:
                    extensions[identifier.content] = value.content
    return issuer, subject, extensions


def distinguished_name(parsed: Callable[[], x509.Name], encoded: ber.Element) -> str:
    """Return a name as RFC 4514 has it; with all values in hexadecimal (section 2.4) if one of them is not valid.

    What cannot be printed, such as a line end, is escaped too (section 2.4), so that a name cannot pass for output.
    """
    try:
        return "".join(map(_printable, parsed().rfc4514_string()))
    except (ValueError, KeyError):  # KeyError: of a kind of string that cryptography does not know
        parts = []
        for relative_name in ber.children(encoded):
            attributes = [list(ber.children(attribute)) for attribute in ber.children(relative_name)]
            parts.append("+".join(f"{ber.dotted(oid.content)}=#{value.encoded.hex()}" for oid, value in attributes))
        return ",".join(reversed(parts))


def _printable(character: str) -> str:
    return character if character.isprintable() else "".join(f"\\{octet:02X}" for octet in character.encode())


def _extension(value: bytes, name: bytes, tag: int) -> ber.Element:
    try:
        element = ber.read(value)
    except ber.MalformedBer as error:
        raise MalformedCertificate(f"its {_NAMES[name]} extension cannot be read: {error}") from error
    if element.tag != tag or element.end != len(value):
        raise MalformedCertificate(f"its {_NAMES[name]} extension is not what RFC 5280 says")
    return element


def _subject_key_identifier(value: bytes | None) -> str | None:
    if value is None:
        return None
    return _extension(value, _SUBJECT_KEY_IDENTIFIER, ber.OCTET_STRING).content.hex().upper()


def _authority_key_identifier(value: bytes | None) -> str | None:
    """Return the keyIdentifier. It is optional: an authority may be named by issuer and serial number instead."""
    if value is None:
        return None
    for part in ber.children(_extension(value, _AUTHORITY_KEY_IDENTIFIER, ber.SEQUENCE)):
        if part.tag == ber.CONTEXT_0_PRIMITIVE:
            return part.content.hex().upper()
    return None


def _is_ca(value: bytes | None) -> bool:
    if value is None:
        return False
    first = next(ber.children(_extension(value, _BASIC_CONSTRAINTS, ber.SEQUENCE)), None)
    return first is not None and first.tag == ber.BOOLEAN and any(first.content)


def _key_usage(value: bytes | None, bit: int) -> bool | None:
    if value is None:
        return None
    bits = _extension(value, _KEY_USAGE, ber.BIT_STRING).content[1:2]
    return bool(bits and bits[0] & bit)
