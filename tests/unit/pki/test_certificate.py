# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate says, however odd it is, and which one signed which."""

from __future__ import annotations

import datetime as dt
import typing as t
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import (
    Certificate,
    MalformedCertificate,
    is_issued_by,
    is_self_signed,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.encodings import certificates_in
from builders.pki import (
    BuiltCertificate,
    a_federal_shaped_pki,
    a_leaf_of,
    a_root_ca,
    an_ec_key,
    an_intermediate_of,
    an_rsa_key,
)

NOW = dt.datetime(2026, 3, 1, 12, 30, 15, tzinfo=dt.UTC)


def read(built: BuiltCertificate) -> Certificate:
    return Certificate.from_der(built.der)


def value_of(certificate: x509.Certificate, kind: type[t.Any]) -> t.Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def test_a_certificate_says_who_it_is_and_for_how_long() -> None:
    root = a_root_ca(now=NOW)
    issuing = an_intermediate_of(root, now=NOW, not_before=0, not_after=365, serial_number=2**150)
    certificate = read(issuing)
    assert certificate.der == issuing.der
    assert certificate.sha256 == issuing.sha256
    assert certificate.subject == "CN=Example Issuing CA,O=Example Org,C=DE"
    assert certificate.issuer == "CN=Example Root CA,O=Example Org,C=DE"
    assert certificate.serial_number == 2**150
    assert certificate.not_before == NOW
    assert certificate.not_after == NOW + dt.timedelta(days=365)
    assert certificate.not_after.tzinfo is dt.UTC
    assert certificate.authority_key_identifier == read(root).subject_key_identifier
    assert certificate.is_ca
    assert certificate.key_cert_sign is True
    assert certificate.unreadable is None


def test_a_leaf_is_no_ca_and_may_not_sign_certificates() -> None:
    leaf = read(a_leaf_of(a_root_ca()))
    assert not leaf.is_ca
    assert leaf.key_cert_sign is False


def test_a_ca_that_may_sign_revocation_lists_only_is_told_apart() -> None:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=True,
        key_cert_sign=False,
        crl_sign=True,
        encipher_only=True,
        decipher_only=True,
    )
    assert read(a_root_ca(extensions=[(usage, True)])).key_cert_sign is False


def test_what_is_not_there_is_none() -> None:
    bare = read(
        a_root_ca(
            subject_key_identifier=False, authority_key_identifier=False, basic_constraints=False, key_usage=False
        )
    )
    assert bare.subject_key_identifier is None
    assert bare.authority_key_identifier is None
    assert bare.key_cert_sign is None
    assert not bare.is_ca


def test_key_identifiers_are_upper_case_hexadecimal_without_separators() -> None:
    digest = bytes.fromhex("00abcdef") * 5
    root = read(a_root_ca(extensions=[(x509.SubjectKeyIdentifier(digest), False)]))
    assert root.subject_key_identifier == "00ABCDEF" * 5


def test_an_authority_named_by_issuer_and_serial_number_alone_has_no_key_identifier() -> None:
    name = [x509.DirectoryName(x509.Name([]))]
    root = read(a_root_ca(extensions=[(x509.AuthorityKeyIdentifier(None, name, 5), False)]))
    assert root.authority_key_identifier is None


def test_all_of_certifi_reads_as_cryptography_reads_it() -> None:
    encoded = certificates_in(Path(certifi.where()).read_bytes())
    for der in encoded:
        certificate = Certificate.from_der(der)
        parsed = certificate.parsed
        assert parsed
        constraints, usage = value_of(parsed, x509.BasicConstraints), value_of(parsed, x509.KeyUsage)
        subject_key = value_of(parsed, x509.SubjectKeyIdentifier)
        authority_key = value_of(parsed, x509.AuthorityKeyIdentifier)
        identifier = authority_key.key_identifier if authority_key else None
        assert certificate.subject == parsed.subject.rfc4514_string()
        assert certificate.is_ca is bool(constraints and constraints.ca) is True
        assert certificate.key_cert_sign == (usage.key_cert_sign if usage else None)
        assert certificate.subject_key_identifier == (subject_key.digest.hex().upper() if subject_key else None)
        assert certificate.authority_key_identifier == (identifier.hex().upper() if identifier else None)
    assert len(encoded) > 50


def test_all_roots_of_certifi_are_self_signed_those_that_used_sha1_too() -> None:
    certificates = [Certificate.from_der(der) for der in certificates_in(Path(certifi.where()).read_bytes())]
    assert [str(each) for each in certificates if is_self_signed(each) is not True] == []


def test_two_certificates_are_equal_when_their_der_is() -> None:
    root = a_root_ca()
    again = a_root_ca(key=root.private_key)
    assert read(root) == read(root)
    assert len({read(root), read(root), read(again)}) == 2
    assert read(root) == Certificate.from_unreadable_der(root.der, "any reason")


def test_a_certificate_is_named_by_subject_and_short_fingerprint() -> None:
    root = a_root_ca()
    assert str(read(root)) == f"CN=Example Root CA,O=Example Org,C=DE (SHA-256 {root.sha256[:8]})"
    assert len(repr(read(root))) < 1000  # neither the DER nor the parsed object


def test_an_unreadable_certificate_keeps_its_der_and_the_reason() -> None:
    certificate = Certificate.from_unreadable_der(b"\x30\x00", "it is not a valid X.509 certificate")
    assert certificate.der == b"\x30\x00"
    assert certificate.unreadable == "it is not a valid X.509 certificate"
    assert (certificate.subject, certificate.serial_number, certificate.not_after) == ("", None, None)
    assert str(certificate).startswith("unreadable certificate (SHA-256 ")
    assert is_self_signed(certificate) is None
    assert not is_issued_by(certificate, certificate)


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"text", a_root_ca().der[:-1], a_root_ca().der + b"\x00"])
def test_what_is_no_certificate_is_malformed(der: bytes) -> None:
    with pytest.raises(MalformedCertificate, match=r"not a valid X\.509 certificate"):
        Certificate.from_der(der)


# Odd ones, as they occur


def an_odd_extension(dotted: str, value: bytes) -> tuple[x509.UnrecognizedExtension, bool]:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(dotted), value), False


def test_an_odd_extension_does_not_hide_the_others() -> None:
    name_constraints = an_odd_extension("2.5.29.30", b"\x04\x00")
    root = a_root_ca(extensions=[name_constraints])
    with pytest.raises(ValueError, match="parsing"):
        _unused = root.certificate.extensions
    certificate = read(root)
    assert certificate.is_ca
    assert certificate.subject_key_identifier == certificate.authority_key_identifier
    assert is_self_signed(certificate) is True


@pytest.mark.parametrize(
    ("dotted", "name"),
    [
        ("2.5.29.14", "subjectKeyIdentifier"),
        ("2.5.29.15", "keyUsage"),
        ("2.5.29.19", "basicConstraints"),
        ("2.5.29.35", "authorityKeyIdentifier"),
    ],
)
@pytest.mark.parametrize("value", [b"", b"\x05\x00", b"\x30\x03\x02", b"\x04\x01\x01\x00"])
def test_an_extension_that_matters_must_be_what_it_says(dotted: str, name: str, value: bytes) -> None:
    built = a_root_ca(extensions=[an_odd_extension(dotted, value)])
    with pytest.raises(MalformedCertificate, match=name):
        read(built)


def test_a_certificate_with_two_basic_constraints_is_malformed() -> None:
    root = a_root_ca()
    other, basic_constraints = bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d13")
    with pytest.raises(MalformedCertificate, match="two basicConstraints extensions"):
        Certificate.from_der(root.der.replace(other, basic_constraints))


def test_basic_constraints_that_say_false_or_nothing_are_no_ca() -> None:
    for value in (b"\x30\x00", b"\x30\x03\x01\x01\x00", b"\x30\x03\x02\x01\x01"):
        built = a_root_ca(basic_constraints=False, extensions=[an_odd_extension("2.5.29.19", value)])
        assert not read(built).is_ca


def test_a_name_with_an_invalid_value_is_written_in_hexadecimal() -> None:
    root = a_root_ca("Example Root CA")
    der = root.der.replace(b"Example Root CA", b"Example R\xff\xfet CA")
    certificate = Certificate.from_der(der)
    value = bytes.fromhex("0c0f") + b"Example R\xff\xfet CA"
    assert certificate.subject == f"2.5.4.3=#{value.hex()},2.5.4.10=#0c0b{b'Example Org'.hex()},2.5.4.6=#13024445"
    assert certificate.issuer == certificate.subject
    assert is_self_signed(certificate) is False


def test_an_empty_name_is_no_trouble() -> None:
    key = an_ec_key()
    built = (
        x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key(), 7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    certificate = read(BuiltCertificate(built, key))
    assert certificate.subject == ""
    assert str(certificate).startswith("certificate without a subject (SHA-256 ")
    assert is_self_signed(certificate) is True


def test_nothing_odd_in_a_certificate_makes_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    root = a_root_ca(serial_number=0x7F)
    Certificate.from_der(root.der)
    with pytest.raises(MalformedCertificate):
        Certificate.from_der(root.der.replace(b"\x02\x01\x7f", b"\x02\x01\xff", 1)[:-4])
    Certificate.from_der(root.der.replace(b"\x02\x01\x7f", b"\x02\x01\xff", 1))
    assert [str(warning.message) for warning in recwarn] == []


# Who signed whom


def test_an_intermediate_is_issued_by_its_root_and_by_nobody_else() -> None:
    root = a_root_ca()
    namesake = a_root_ca()
    issuing = read(an_intermediate_of(root))
    assert is_issued_by(issuing, read(root))
    assert not is_issued_by(issuing, read(namesake))
    assert not is_issued_by(issuing, issuing)
    assert not is_issued_by(read(root), issuing)
    assert not is_issued_by(issuing, read(a_root_ca("Another CA", key=root.private_key)))


@pytest.mark.parametrize("hash_algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_rsa_and_elliptic_curve_signatures_verify(
    hash_algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512,
) -> None:
    rsa_root = a_root_ca("RSA", key=RSA_KEY, hash_algorithm=hash_algorithm)
    below = an_intermediate_of(rsa_root, "EC", hash_algorithm=hash_algorithm)
    below_that = an_intermediate_of(below, "RSA below EC", key=RSA_KEY, hash_algorithm=hash_algorithm)
    assert is_self_signed(read(rsa_root)) is True
    assert is_issued_by(read(below), read(rsa_root))
    assert is_issued_by(read(below_that), read(below))


RSA_KEY = an_rsa_key()


@pytest.mark.parametrize("other_key", [an_ec_key(), RSA_KEY])
def test_a_self_issued_certificate_signed_with_an_older_key_is_no_root(other_key: t.Any) -> None:
    old = a_root_ca()
    rolled_over = read(an_intermediate_of(old, "Example Root CA", key=other_key))
    assert rolled_over.subject == rolled_over.issuer
    assert is_self_signed(rolled_over) is False
    assert is_issued_by(rolled_over, read(old))


def test_a_ca_renamed_under_its_own_key_is_no_root() -> None:
    old = a_root_ca()
    renamed = read(an_intermediate_of(old, "Renamed CA", key=old.private_key))
    assert is_self_signed(renamed) is False
    assert is_issued_by(renamed, read(old))


def test_a_pki_of_federal_shape_has_one_root() -> None:
    pki = a_federal_shaped_pki(100)
    roots = [each for each in pki.certificates if is_self_signed(read(each))]
    assert roots == [pki.root]
    assert len(pki.self_issued) >= 5
    assert {is_self_signed(read(each)) for each in pki.self_issued} == {False}
    assert all(read(each).issuer == read(each).subject for each in pki.self_issued)


def test_a_pki_of_federal_shape_has_orphans_expired_ones_and_names_issued_again() -> None:
    pki = a_federal_shaped_pki(100, now=NOW)
    certificates = [read(each) for each in pki.certificates]
    assert len(certificates) == len(set(certificates)) == 100
    assert {each.sha256 for each in certificates if each.not_after and each.not_after < NOW} == {
        each.sha256 for each in pki.expired
    }
    for orphan in pki.orphans:
        issuers = [each for each in certificates if is_issued_by(read(orphan), each)]
        assert issuers
        assert all(issuer.not_after and issuer.not_after < NOW for issuer in issuers)
    sizes = {sum(other.subject == each.subject for other in certificates) for each in certificates}
    assert sizes == {1, 2, 3, 4}


def test_an_ed25519_root_is_self_signed() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Edwards")])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + dt.timedelta(days=1))
        .sign(key, None)
    )
    certificate = Certificate.from_der(built.public_bytes(Encoding.DER))
    assert is_self_signed(certificate) is True


@pytest.mark.parametrize(
    ("known", "unknown"),
    [
        pytest.param("2a8648ce3d030107", "2a8648ce3d03017f", id="unknown curve"),
        pytest.param("2a8648ce3d040302", "2a8648ce3d04037f", id="unknown signature algorithm"),
    ],
)
def test_whether_a_root_signed_itself_by_unknown_means_is_not_known(known: str, unknown: str) -> None:
    certificate = Certificate.from_der(a_root_ca().der.replace(bytes.fromhex(known), bytes.fromhex(unknown)))
    assert is_self_signed(certificate) is None
    assert not is_issued_by(certificate, certificate)


def test_a_line_end_in_a_name_is_escaped_so_that_the_name_cannot_pass_for_output() -> None:
    built = a_root_ca("Root\nchanged: \x1b[2J[localhost]")
    assert "CN=Root\\0Achanged: \\1B[2J[localhost]" in Certificate.from_der(built.der).subject


def test_whether_a_root_signed_itself_with_md5_cannot_be_told() -> None:
    sha256_with_rsa, md5_with_rsa = (bytes.fromhex(f"06092a864886f70d0101{last}") for last in ("0b", "04"))
    root = a_root_ca(key=an_rsa_key())
    assert is_self_signed(Certificate.from_der(root.der.replace(sha256_with_rsa, md5_with_rsa))) is None
