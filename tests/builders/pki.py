# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes PKIs on the spot: CAs, leaves, revocation lists, PKCS#7 bundles, and one in the shape of a federal PKI."""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import typing as t
from collections import Counter
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

PrivateKey: t.TypeAlias = "ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey"
HashAlgorithm: t.TypeAlias = "hashes.SHA256 | hashes.SHA384 | hashes.SHA512"
Extension: t.TypeAlias = "tuple[x509.ExtensionType, bool]"  # and whether it is critical

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")


@dataclass(frozen=True, slots=True)
class BuiltCertificate:
    """A certificate together with its private key."""

    certificate: x509.Certificate
    private_key: PrivateKey = field(repr=False)

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key in PEM (PKCS#8, not encrypted)."""
        return self.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def sha256(self) -> str:
        """The fingerprint, 64 lower-case hexadecimal digits."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def an_ec_key() -> ec.EllipticCurvePrivateKey:
    """Return a new key on P-256, which takes a tenth of a millisecond to make."""
    return ec.generate_private_key(ec.SECP256R1())


def an_rsa_key(size: int = 2048) -> rsa.RSAPrivateKey:
    """Return a new RSA key; that of 2048 bits takes some hundred milliseconds to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def a_name(common_name: str) -> x509.Name:
    """Return the distinguished name under which the builders put a common name."""
    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Example Org"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name),
        ]
    )


def a_root_ca(
    name: str = "Example Root CA", *, key: PrivateKey | None = None, **options: t.Unpack[Options]
) -> BuiltCertificate:
    """Return a self-signed CA."""
    key = key or an_ec_key()
    return _issue(a_name(name), key, a_name(name), key, is_ca=True, options=options)


def an_intermediate_of(
    issuer: BuiltCertificate,
    name: str = "Example Issuing CA",
    *,
    key: PrivateKey | None = None,
    **options: t.Unpack[Options],
) -> BuiltCertificate:
    """Return a CA that another one certified."""
    return _issue(
        a_name(name), key or an_ec_key(), issuer.certificate.subject, issuer.private_key, is_ca=True, options=options
    )


def a_leaf_of(
    issuer: BuiltCertificate,
    name: str = "Ada Example",
    *,
    key: PrivateKey | None = None,
    **options: t.Unpack[Options],
) -> BuiltCertificate:
    """Return the certificate of a person, as for a sign-in."""
    return _issue(
        a_name(name), key or an_ec_key(), issuer.certificate.subject, issuer.private_key, is_ca=False, options=options
    )


class Options(t.TypedDict, total=False):
    """What every builder of a certificate takes besides names and key.

    `not_before` and `not_after` are days from `now` (by default -1 and 3650), `now` is by default the time of the call.
    Extensions in `extensions` replace those that a builder would set itself.
    """

    not_before: float
    not_after: float
    now: dt.datetime
    serial_number: int
    hash_algorithm: HashAlgorithm
    path_length: int | None
    subject_key_identifier: bool
    authority_key_identifier: bool
    basic_constraints: bool
    key_usage: bool
    extensions: Sequence[Extension]


def _issue(
    subject: x509.Name,
    key: PrivateKey,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    *,
    is_ca: bool,
    options: Options,
) -> BuiltCertificate:
    now = (options.get("now") or dt.datetime.now(dt.UTC)).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(options.get("serial_number") or x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=options.get("not_before", -1)))
        .not_valid_after(now + dt.timedelta(days=options.get("not_after", 3650)))
    )
    wanted = list(options.get("extensions", ()))
    given = {extension.oid for extension, _critical in wanted}
    wanted += [each for each in _extensions(key, issuer_key, is_ca, options) if each[0].oid not in given]
    for extension, critical in wanted:
        builder = builder.add_extension(extension, critical)
    return BuiltCertificate(builder.sign(issuer_key, options.get("hash_algorithm") or hashes.SHA256()), key)


def _extensions(key: PrivateKey, issuer_key: PrivateKey, is_ca: bool, options: Options) -> Iterable[Extension]:
    if options.get("basic_constraints", True):
        yield x509.BasicConstraints(is_ca, options.get("path_length") if is_ca else None), True
    if options.get("key_usage", True):
        usage = x509.KeyUsage(
            digital_signature=not is_ca,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=is_ca,
            crl_sign=is_ca,
            encipher_only=False,
            decipher_only=False,
        )
        yield usage, True
    if options.get("subject_key_identifier", True):
        yield x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
    if options.get("authority_key_identifier", True):
        yield x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False


def a_csr(name: str = "Example Issuing CA") -> x509.CertificateSigningRequest:
    """Return a certificate signing request."""
    return x509.CertificateSigningRequestBuilder().subject_name(a_name(name)).sign(an_ec_key(), hashes.SHA256())


def a_crl_of(
    issuer: BuiltCertificate,
    *,
    revoked: Iterable[BuiltCertificate] = (),
    this_update: float = -1,
    next_update: float | None = 7,
    number: int | None = 1,
    base_number: int | None = None,
    now: dt.datetime | None = None,
    name: x509.Name | None = None,
    authority_key_identifier: bool | x509.AuthorityKeyIdentifier = True,
    extensions: Sequence[Extension] = (),
    hash_algorithm: HashAlgorithm | hashes.SHA1 | hashes.MD5 | None = None,
    size: int = 0,
    encoding: t.Literal["der", "pem"] = "der",
) -> bytes:
    """Return a revocation list; its times are days from `now`. With `base_number` it is a delta to that list.

    `name` stands in for the name of the issuer. `size` is how many octets it has at least, in made-up entries.
    """
    now = (now or dt.datetime.now(dt.UTC)).replace(microsecond=0)
    begin = now + dt.timedelta(days=this_update)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name or issuer.certificate.subject)
        .last_update(begin)
        .next_update(begin + dt.timedelta(days=1) if next_update is None else now + dt.timedelta(days=next_update))
    )
    wanted = list(extensions)
    if number is not None:
        wanted.append((x509.CRLNumber(number), False))
    if isinstance(authority_key_identifier, x509.AuthorityKeyIdentifier):
        wanted.append((authority_key_identifier, False))
    elif authority_key_identifier:
        wanted.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.private_key.public_key()), False))
    if base_number is not None:
        wanted.append((x509.DeltaCRLIndicator(base_number), True))
    for extension, critical in wanted:
        builder = builder.add_extension(extension, critical)
    for each in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(each.certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(begin).build())
    strong = None if isinstance(hash_algorithm, (hashes.SHA1, hashes.MD5)) else hash_algorithm
    crl = builder.sign(issuer.private_key, strong or hashes.SHA256())
    der = crl.public_bytes(serialization.Encoding.DER)
    if hash_algorithm != strong or size or next_update is None:
        der = _reassembled(crl, issuer.private_key, hash_algorithm or hashes.SHA256(), size, next_update is not None)
    return a_pem_block("X509 CRL", der) if encoding == "pem" else der


def _reassembled(
    crl: x509.CertificateRevocationList,
    key: PrivateKey,
    hash_algorithm: HashAlgorithm | hashes.SHA1 | hashes.MD5,
    size: int,
    has_next_update: bool,
) -> bytes:
    """Return a list without entries as the library does not make it: weak, large, or without its nextUpdate."""
    sha256_with_rsa = bytes.fromhex("2a864886f70d01010b")
    algorithm = sha256_with_rsa[:-1] + {"sha1": b"\x05", "md5": b"\x04"}.get(hash_algorithm.name, b"\x0b")
    fields = _content(crl.tbs_certlist_bytes).replace(sha256_with_rsa, algorithm)
    name = crl.issuer.public_bytes()
    times = fields.index(name) + len(name)
    this_update_end = times + 2 + fields[times + 1]
    next_update_end = this_update_end + 2 + fields[this_update_end + 1]
    entries = b"".join(
        b"\x30\x21\x02\x10\x01" + number.to_bytes(15, "big") + b"\x17\x0d260101000000Z"
        for number in range(-(-size // 35))
    )
    signed = _element(
        0x30,
        fields[:this_update_end]
        + (fields[this_update_end:next_update_end] if has_next_update else b"")
        + (_element(0x30, entries) if entries else b"")
        + fields[next_update_end:],
    )
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(signed, padding.PKCS1v15(), hash_algorithm)
        identifier = b"\x06\x09" + algorithm + b"\x05\x00"
    else:
        signature = key.sign(signed, ec.ECDSA(hashes.SHA256()))
        identifier = bytes.fromhex("06082a8648ce3d040302")  # ecdsa-with-SHA256
    return _element(0x30, signed + _element(0x30, identifier) + _element(0x03, b"\x00" + signature))


def _element(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes(-(-length.bit_length() // 8), "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def _content(element: bytes) -> bytes:
    return element[2 + (element[1] & 0x7F if element[1] & 0x80 else 0) :]


def a_pem_block(label: str, octets: bytes) -> bytes:
    """Return any octets as a PEM block (RFC 7468)."""
    lines = base64.b64encode(octets).decode()
    body = "\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode()


def a_pkcs7(certificates: Iterable[BuiltCertificate], encoding: t.Literal["der", "ber", "pem"] = "der") -> bytes:
    """Return a PKCS#7 bundle (SignedData that nobody signed); "ber" has indefinite lengths and the order given."""
    certificates = list(certificates)
    if encoding == "ber":
        certificate_set = b"".join(each.der for each in certificates)
        signed_data = b"\x02\x01\x01" + b"\x31\x00" + _indefinite(0x30, _DATA) + _indefinite(0xA0, certificate_set)
        return _indefinite(0x30, _SIGNED_DATA + _indefinite(0xA0, _indefinite(0x30, signed_data + b"\x31\x00")))
    return pkcs7.serialize_certificates(
        [each.certificate for each in certificates],
        serialization.Encoding.PEM if encoding == "pem" else serialization.Encoding.DER,
    )


def _indefinite(tag: int, content: bytes) -> bytes:
    return bytes((tag, 0x80)) + content + b"\x00\x00"


@dataclass(frozen=True, slots=True)
class FederalShapedPki:
    """A PKI as a federation of many organisations has it: bridges, cross-certificates, names issued again, leftovers.

    `certificates` holds everything in the order of the bundle; the other fields name parts of it.
    """

    root: BuiltCertificate
    certificates: tuple[BuiltCertificate, ...]
    self_issued: tuple[BuiltCertificate, ...]  # name themselves as issuer, signed with an older key: no roots
    issued_again: tuple[BuiltCertificate, ...]  # share their subject with another one
    expired: tuple[BuiltCertificate, ...]
    orphans: tuple[BuiltCertificate, ...]  # valid, but each issuer of theirs in the bundle is expired

    @property
    def bundle(self) -> bytes:
        """All certificates as such a PKI is published: PKCS#7 in BER inside PEM."""
        return a_pem_block("PKCS7", a_pkcs7(self.certificates, "ber"))


def a_federal_shaped_pki(size: int = 146, *, now: dt.datetime | None = None) -> FederalShapedPki:
    """Return a PKI of at least 16 certificates in that shape.

    A root, a bridge that it cross-certifies, and members below the bridge in turns: a CA whose cross-certificate was
    issued again (2 to 4 certificates of one subject and key), one that rolled its key over and issued itself a
    certificate with the old one, one that expired and left a CA behind it, and plain ones with an issuing CA.
    """
    minimum = 16
    if size < minimum:
        raise ValueError(f"a PKI of this shape has at least {minimum} certificates")
    at: Options = {"now": now or dt.datetime.now(dt.UTC)}
    root = a_root_ca("Federation Root CA", **at)
    bridge = an_intermediate_of(root, "Federation Bridge CA", **at)
    built = [root, bridge, an_intermediate_of(bridge, "Federation Root CA", key=root.private_key, **at)]
    self_issued: list[BuiltCertificate] = []
    expired: list[BuiltCertificate] = []
    orphans: list[BuiltCertificate] = []
    past: Options = {**at, "not_before": -1000, "not_after": -30}
    for number in itertools.count(1):
        name = f"Member {number} CA"
        member = an_intermediate_of(bridge, name, **at)
        match number % 4:
            case 1:
                again = [
                    an_intermediate_of(issuer, name, key=member.private_key, **at)
                    for issuer in (root, bridge, bridge)[: 1 + number // 4 % 3]
                ]
                group = [member, *again, an_intermediate_of(member, f"Member {number} Issuing CA", **at)]
            case 2:
                rolled_over = an_intermediate_of(member, name, **at)
                self_issued.append(rolled_over)
                group = [member, rolled_over, an_intermediate_of(rolled_over, f"Member {number} Issuing CA", **at)]
            case 3:
                gone = an_intermediate_of(bridge, name, **past)
                left_behind = an_intermediate_of(gone, f"Member {number} Issuing CA", **at)
                expired.append(gone)
                orphans.append(left_behind)
                group = [gone, left_behind]
            case _:
                group = [member, an_intermediate_of(member, f"Member {number} Issuing CA", **at)]
        built += group
        if len(built) >= size:
            break
    kept = tuple(built[:size])
    of_subject = Counter(each.certificate.subject for each in kept)
    there = {id(each) for each in kept}
    return FederalShapedPki(
        root=root,
        certificates=kept,
        self_issued=tuple(each for each in self_issued if id(each) in there),
        issued_again=tuple(each for each in kept if of_subject[each.certificate.subject] > 1),
        expired=tuple(each for each in expired if id(each) in there),
        orphans=tuple(each for each in orphans if id(each) in there),
    )


def write_two_tier_pki(folder: Path) -> tuple[BuiltCertificate, BuiltCertificate]:
    """Write the smallest real PKI as people keep it: root.pem, issuing.der, and both as bundle.p7b. Return both CAs."""
    root = a_root_ca("Example Root CA")
    issuing = an_intermediate_of(root, "Example Issuing CA", path_length=0, not_after=1825)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "root.pem").write_bytes(root.pem)
    (folder / "issuing.der").write_bytes(issuing.der)
    (folder / "bundle.p7b").write_bytes(a_pkcs7([root, issuing], "pem"))
    return root, issuing
