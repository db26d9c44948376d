# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revocation lists: what one says, who signed it, what is said of other octets, and the same told by other software."""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import os
import re
import shutil
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate
from ansible_collections.entra.cba.plugins.module_utils._pki.crl import (
    CertificateRevocationList,
    MalformedList,
    is_signed_by,
)
from builders.pki import (
    BuiltCertificate,
    a_crl_of,
    a_leaf_of,
    a_name,
    a_pkcs7,
    a_root_ca,
    an_ec_key,
    an_rsa_key,
)

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ROOT = a_root_ca(now=NOW)
RSA_ROOT = a_root_ca("RSA Root CA", key=an_rsa_key(), now=NOW)
ROOT_KEY = Certificate.from_der(ROOT.der).subject_key_identifier
PLAIN = a_crl_of(ROOT, now=NOW)
VECTORS = Path(cryptography_vectors.__file__).parent / "x509"

read = CertificateRevocationList.from_der


def signed(octets: bytes, built: BuiltCertificate) -> bool | None:
    return is_signed_by(read(octets), octets, Certificate.from_der(built.der))


def a_distribution_point(
    **limits: t.Any,  # those of the class
) -> x509.IssuingDistributionPoint:
    default: dict[str, t.Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(default | limits))


FRESHEST = x509.FreshestCRL(
    [
        x509.DistributionPoint(
            [x509.DirectoryName(a_name("Elsewhere")), x509.UniformResourceIdentifier("http://crl.example.org/a+.crl")],
            None,
            None,
            None,
        ),
        x509.DistributionPoint(
            [x509.UniformResourceIdentifier("ldap://crl.example.org/cn=a")],
            None,
            None,
            [x509.DirectoryName(a_name("B"))],
        ),
        x509.DistributionPoint(None, a_name("Relative").rdns[-1], None, None),
    ]
)


# What a list says


def test_a_list_says_who_issued_it_when_and_under_which_number() -> None:
    assert read(a_crl_of(ROOT, now=NOW, number=2**159 - 1)) == CertificateRevocationList(
        issuer="CN=Example Root CA,O=Example Org,C=DE",
        this_update=NOW - dt.timedelta(days=1),
        next_update=NOW + dt.timedelta(days=7),
        number=2**159 - 1,
        authority_key_identifier=ROOT_KEY,
        hash_algorithm="sha256",
    )


def test_what_a_list_does_not_say_is_none() -> None:
    bare = read(a_crl_of(ROOT, now=NOW, number=None, authority_key_identifier=False, next_update=None))
    assert (bare.next_update, bare.number, bare.base_number, bare.authority_key_identifier) == (None,) * 4
    assert (bare.freshest_urls, bare.limited_to, bare.unknown_critical, bare.is_indirect) == ((), (), (), False)


def test_a_delta_names_its_base() -> None:
    delta = read(a_crl_of(ROOT, number=9, base_number=7))
    assert (delta.number, delta.base_number, delta.unknown_critical) == (9, 7, ())


def test_the_addresses_of_deltas_are_found_amid_other_names() -> None:
    urls = ("http://crl.example.org/a+.crl", "ldap://crl.example.org/cn=a")
    assert read(a_crl_of(ROOT, extensions=[(FRESHEST, False)])).freshest_urls == urls


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"only_contains_user_certs": True}, ("user certificates",)),
        ({"only_contains_ca_certs": True}, ("CA certificates",)),
        ({"only_contains_attribute_certs": True}, ("attribute certificates",)),
        ({"only_some_reasons": frozenset([x509.ReasonFlags.key_compromise])}, ("some reasons",)),
        ({"full_name": [x509.UniformResourceIdentifier("http://crl.example.org/a.crl")]}, ()),
        ({"indirect_crl": True}, ()),
    ],
)
def test_what_a_list_is_limited_to_is_told(limits: dict[str, t.Any], said: tuple[str, ...]) -> None:
    crl = read(a_crl_of(ROOT, extensions=[(a_distribution_point(**limits), True)]))
    assert (crl.limited_to, crl.is_indirect, crl.unknown_critical) == (said, "indirect_crl" in limits, ())


def test_only_critical_extensions_that_nobody_knows_are_named() -> None:
    unknown = [
        (x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.3.6.1.4.1.99999.{number}"), b"\x05\x00"), critical)
        for number, critical in ((1, True), (2, False))
    ]
    assert read(a_crl_of(ROOT, extensions=unknown)).unknown_critical == ("1.3.6.1.4.1.99999.1",)


def test_entries_make_no_difference_to_what_a_list_says() -> None:
    revoked = [a_leaf_of(ROOT, now=NOW) for _each in range(3)]
    assert read(a_crl_of(ROOT, revoked=revoked, now=NOW)) == read(PLAIN)
    assert read(a_crl_of(ROOT, size=100_000, now=NOW)) == read(PLAIN)


def test_control_characters_of_an_issuer_are_escaped() -> None:
    assert read(a_crl_of(ROOT, name=a_name("Evil\nRoot"))).issuer == "CN=Evil\\0ARoot,O=Example Org,C=DE"


def test_an_issuer_that_cannot_be_read_is_told_in_hexadecimal() -> None:
    octets = a_crl_of(ROOT).replace(b"\x0c\x0bExample Org", b"\xa6\x0bExample Org")
    assert ",2.5.4.10=#a60b4578616d706c65204f7267," in read(octets).issuer


# Who signed it


@pytest.mark.parametrize("issuer", [ROOT, RSA_ROOT], ids=["elliptic curve", "RSA"])
@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda each: each.name)
def test_the_key_of_a_ca_signed_its_list_and_no_other_one(
    issuer: BuiltCertificate, algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512
) -> None:
    octets = a_crl_of(issuer, revoked=[a_leaf_of(issuer)], hash_algorithm=algorithm)
    assert signed(octets, issuer) is True
    assert signed(octets, a_root_ca(issuer.certificate.subject.rfc4514_string(), key=an_ec_key())) is False
    assert signed(octets, a_root_ca(key=an_rsa_key())) is False


def test_one_changed_entry_breaks_the_signature() -> None:
    octets = a_crl_of(ROOT, size=10_000)
    at = octets.index(b"260101000000Z", 5000)
    assert signed(octets, ROOT) is True
    assert signed(octets[:at] + b"27" + octets[at + 2 :], ROOT) is False


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.MD5()], ids=lambda each: each.name)  # noqa: S303
def test_a_weak_hash_is_named_and_never_taken_for_a_wrong_signature(algorithm: hashes.SHA1 | hashes.MD5) -> None:
    octets = a_crl_of(RSA_ROOT, hash_algorithm=algorithm)
    assert read(octets).hash_algorithm == algorithm.name
    assert signed(octets, RSA_ROOT) is not False


def test_a_list_under_a_key_that_has_no_hash_of_its_own_is_verified() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = a_name("Edwards CA")
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + dt.timedelta(days=9))
        .sign(key, None)
    )
    builder = x509.CertificateRevocationListBuilder(name).last_update(NOW).next_update(NOW + dt.timedelta(days=9))
    octets = builder.sign(key, None).public_bytes(serialization.Encoding.DER)
    issuer = Certificate.from_der(certificate.public_bytes(serialization.Encoding.DER))
    assert read(octets).hash_algorithm is None
    assert is_signed_by(read(octets), memoryview(octets), issuer) is True
    assert is_signed_by(read(PLAIN), PLAIN, issuer) is False


def test_whether_a_certificate_that_cannot_be_read_signed_is_not_known() -> None:
    assert is_signed_by(read(PLAIN), PLAIN, Certificate.from_unreadable_der(b"\x30\x00", "too short")) is None


# What else the octets can be


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "is empty"),
        (a_crl_of(ROOT, encoding="pem"), "is PEM, which is text; the service takes DER"),
        (b"\xef\xbb\xbf\r\n" + a_crl_of(ROOT, encoding="pem"), "is PEM, which is text; the service takes DER"),
        (ROOT.pem, "is PEM, and no revocation list"),
        (a_crl_of(ROOT, encoding="pem").split(b"\n")[1], "is base64, which is text; the service takes DER"),
        (b"<!DOCTYPE html><title>Sign in</title>", "is an HTML page, perhaps an error or login page"),
        (b"\n <HTML>", "is an HTML page, perhaps an error or login page in place of the list"),
        (b'<?xml version="1.0"?><Error/>', "is XML or HTML and no revocation list"),
        (b'{"error": 404}', "is JSON and no revocation list"),
        (b"\x1f\x8b\x08\x00", "is compressed with gzip"),
        (b"PK\x03\x04", "is a ZIP file"),
        (b"404 page not found", "is neither DER nor PEM"),
        (ROOT.der, "is a certificate and no revocation list"),
        (a_pkcs7([ROOT]), "is DER and no revocation list"),
        (b"\x30\x00", "is DER and no revocation list"),
        (b"\x30\x03\x0a\x01\x01", "is DER and no revocation list"),  # an OCSP answer: malformedRequest is 1
        (PLAIN[:100], f"is cut short: its header announces {len(PLAIN):,} octets, 100 are there"),
        (PLAIN[:1], "is cut short: its header announces more octets than 1 are there"),
        (PLAIN + b"\r\n", "has 2 more octets after its end"),
        (b"\x30\x84\xff\xff\xff\xff" + PLAIN[3:], "is cut short: its header announces 4,294,967,301 octets, "),
        (b"\x30\x80" + PLAIN[3:] + b"\x00\x00", "is damaged: an element of indefinite length at octet 0"),
        (b"\x30\x89" + b"\xff" * 9, "is damaged: a length of 9 octets at octet 0"),
        (PLAIN.replace(b"\x17\x0d26", b"\x17\x0d2x", 1), "is damaged: "),
    ],
    ids=itertools.count(),
)
def test_octets_that_are_no_list_are_named_for_what_they_are(octets: bytes, said: str) -> None:
    with pytest.raises(MalformedList) as refused:
        read(octets)
    assert str(refused.value).startswith(said)


def test_extensions_that_break_the_standard_are_damage() -> None:
    for oid, value in (
        ("2.5.29.20", b"\x04\x01\x01"),
        ("2.5.29.20", b"\x02\x01\x01\x00"),
        ("2.5.29.20", b"\x02\x00"),
        ("2.5.29.20", b"\x02\x41" + b"\x01" * 65),
        ("2.5.29.27", b"\x30\x00"),
        ("2.5.29.28", b"\x02\x01\x01"),
        ("2.5.29.35", b"\x30\x05\x80"),
        ("2.5.29.46", b""),
    ):
        odd = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)
        with pytest.raises(MalformedList, match=r"^is damaged: "):
            read(a_crl_of(ROOT, number=None, authority_key_identifier=False, extensions=[(odd, False)]))


def test_a_number_that_stands_there_twice_is_damage() -> None:
    second = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.21"), b"\x02\x01\x05")
    octets = a_crl_of(ROOT, extensions=[(second, False)])
    with pytest.raises(MalformedList, match=r"^is damaged: it has two cRLNumber extensions$"):
        read(octets.replace(b"\x06\x03\x55\x1d\x15", b"\x06\x03\x55\x1d\x14"))


def test_more_than_a_mebibyte_beside_the_entries_is_refused() -> None:
    large = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), bytes(1024 * 1024))
    with pytest.raises(MalformedList, match=r"^has 1,\d{3},\d{3} octets beside its entries"):
        read(a_crl_of(ROOT, extensions=[(large, False)]))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a list with octets replaced, taken out, put in, cut off or repeated."""
    octets = bytearray(draw(st.sampled_from(SAMPLES)))
    for _each in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(octets)))
        length = draw(st.integers(0, 40))
        octets[at : at + length] = draw(st.one_of(st.binary(max_size=40), st.just(bytes(octets[:length]))))
    return bytes(octets)


SAMPLES = (
    PLAIN,
    a_crl_of(ROOT, number=9, base_number=7, revoked=[ROOT]),
    a_crl_of(RSA_ROOT, extensions=[(FRESHEST, False), (a_distribution_point(indirect_crl=True), True)]),
)


def judged(octets: bytes) -> None:
    """Check that octets are a list, or an error of one line that says what they are."""
    crl, said = None, ""
    try:
        crl = read(octets)
    except MalformedList as error:
        said = str(error)
    if crl is None:
        assert re.fullmatch(r"(is|has) \S.{0,400}", said)
    else:
        assert is_signed_by(crl, octets, Certificate.from_der(ROOT.der)) in {True, False, None}


@settings(max_examples=400, deadline=2000)
@given(damaged())
def test_a_damaged_list_is_read_or_named(octets: bytes) -> None:
    judged(octets)


@settings(max_examples=300, deadline=2000)
@given(st.one_of(st.binary(max_size=500), st.binary(max_size=500).map(lambda octets: b"\x30" + octets)))
def test_any_octets_are_read_or_named(octets: bytes) -> None:
    judged(octets)


def test_a_list_cut_anywhere_is_named() -> None:
    for at in range(len(PLAIN)):
        with pytest.raises(MalformedList):
            read(PLAIN[:at])


MANY = 20_000_000


@pytest.mark.parametrize(
    "content",
    [
        b"\x30\x80" * (MANY // 2),  # open, open, open ...
        b"\x30\x00" * (MANY // 2),
        b"\xff" * MANY,  # a tag that does not end
        b"\x30\x84\x01\x2c\x00\x00\x30\x84\x01\x2b\x00\x00" + b"\xbf" + b"\xff" * MANY,
    ],
    ids=["open", "empty", "tag", "nested tag"],
)
def test_octets_made_to_keep_a_reader_busy_are_named_at_once(content: bytes) -> None:
    octets = b"\x30\x84" + len(content).to_bytes(4, "big") + content
    begun = time.process_time()
    with pytest.raises(MalformedList):
        read(octets)
    assert time.process_time() - begun < 0.2


# A list of 45 MB

READER = r"""
import pathlib, re, sys
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate
from ansible_collections.entra.cba.plugins.module_utils._pki.crl import CertificateRevocationList, is_signed_by
octets = memoryview(pathlib.Path(sys.argv[1]).read_bytes())
crl = CertificateRevocationList.from_der(octets)
assert is_signed_by(crl, octets, Certificate.from_der(pathlib.Path(sys.argv[2]).read_bytes())) is True
status = pathlib.Path("/proc/self/status").read_text()  # getrusage counts what the parent had before exec
print(len(octets), re.search(r"VmHWM:\s+(\d+) kB", status)[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of one program's memory")
def test_a_list_of_45_mb_is_read_and_verified_within_150_mb(tmp_path: Path) -> None:
    (tmp_path / "large.crl").write_bytes(a_crl_of(ROOT, size=45 * 1024 * 1024))
    (tmp_path / "root.crt").write_bytes(ROOT.der)
    done = subprocess.run(
        [sys.executable, "-c", READER, tmp_path / "large.crl", tmp_path / "root.crt"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
        capture_output=True,
        text=True,
    )
    size, peak = map(int, done.stdout.split())  # octets, KiB
    assert size >= 45 * 1024 * 1024
    assert peak < 150_000_000 / 1024


# The same told by other software


def test_the_lists_of_a_public_test_suite_say_and_are_signed_as_the_library_has_it() -> None:
    """PKITS of NIST: 170 lists of every kind, verified against each certificate of their issuer's name."""
    of_subject: dict[str, list[Certificate]] = {}
    for path in sorted((VECTORS / "PKITS_data/certs").glob("*.crt")):
        if "DSA" not in path.name:
            certificate = Certificate.from_der(path.read_bytes())
            of_subject.setdefault(certificate.subject, []).append(certificate)
    compared = {True: 0, False: 0}
    paths = sorted((VECTORS / "PKITS_data/crls").glob("*.crl"))
    for path in paths:
        octets = path.read_bytes()
        ours = read(octets)
        try:
            theirs = x509.load_der_x509_crl(octets)
        except ValueError:  # older versions, of one list whose entry has an unlikely time
            continue
        assert_alike(ours, theirs)
        for issuer in of_subject.get(ours.issuer, ()):
            assert issuer.parsed
            key: t.Any = issuer.parsed.public_key()
            assert is_signed_by(ours, octets, issuer) is theirs.is_signature_valid(key)
            compared[theirs.is_signature_valid(key)] += 1
    assert len(paths) > 150
    assert compared[True] > 150
    assert compared[False] > 10


def assert_alike(ours: CertificateRevocationList, theirs: x509.CertificateRevocationList) -> None:
    assert (ours.issuer, ours.this_update) == (theirs.issuer.rfc4514_string(), theirs.last_update_utc)
    assert ours.next_update == theirs.next_update_utc
    known = {type(extension.value): extension for extension in theirs.extensions}
    number = known.get(x509.CRLNumber)
    base_number = known.get(x509.DeltaCRLIndicator)
    key = known.get(x509.AuthorityKeyIdentifier)
    point = known.get(x509.IssuingDistributionPoint)
    assert ours.number == (number.value.crl_number if number else None)
    assert ours.base_number == (base_number.value.crl_number if base_number else None)
    assert ours.authority_key_identifier == (key.value.key_identifier.hex().upper() if key else None)
    assert ours.is_indirect == (point.value.indirect_crl if point else False)
    assert ours.limited_to == (
        tuple(
            name
            for name, limited in (
                ("user certificates", point.value.only_contains_user_certs),
                ("CA certificates", point.value.only_contains_ca_certs),
                ("attribute certificates", point.value.only_contains_attribute_certs),
                ("some reasons", point.value.only_some_reasons),
            )
            if limited
        )
        if point
        else ()
    )
    assert ours.unknown_critical == tuple(
        extension.oid.dotted_string
        for extension in theirs.extensions
        if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension)
    )


def test_the_odd_lists_of_the_library_are_read_or_named() -> None:
    judged_so_far = 0
    for path in sorted((VECTORS / "custom").glob("*crl*")):
        octets = path.read_bytes()
        judged(octets)
        if b"BEGIN X509 CRL" in octets:
            judged(x509_der(octets))
        judged_so_far += 1
    assert judged_so_far > 20


def x509_der(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(pem.split(b"-----")[2].split()))


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl command here")


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], check=False, capture_output=True, text=True)


@needs_openssl
@pytest.mark.parametrize("issuer", [ROOT, RSA_ROOT], ids=["elliptic curve", "RSA"])
def test_openssl_reads_the_same_in_a_list_and_agrees_on_its_signature(issuer: BuiltCertificate, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(issuer.pem)
    impostor = BuiltCertificate(issuer.certificate, an_ec_key() if issuer is ROOT else an_rsa_key())
    key = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.certificate.public_key())  # type: ignore[arg-type]
    for built, is_sound in (
        (a_crl_of(issuer, revoked=[a_leaf_of(issuer)], number=0x1234, now=NOW), True),
        (a_crl_of(issuer, number=0x1234, base_number=0x1200, now=NOW), True),
        (a_crl_of(impostor, authority_key_identifier=key, number=0x1234, now=NOW), False),
    ):
        (tmp_path / "a.crl").write_bytes(built)
        told = openssl("crl", "-inform", "DER", "-in", tmp_path / "a.crl", "-noout", "-issuer", "-nameopt", "RFC2253",
                       "-lastupdate", "-nextupdate", "-crlnumber", "-text", "-CAfile", tmp_path / "ca.pem")  # fmt: skip
        ours = read(built)
        assert f"issuer={ours.issuer}" in told.stdout
        assert f"lastUpdate={ours.this_update:%b %e %H:%M:%S %Y} GMT" in told.stdout
        assert ours.next_update
        assert f"nextUpdate={ours.next_update:%b %e %H:%M:%S %Y} GMT" in told.stdout
        assert "crlNumber=0x1234" in told.stdout
        assert (ours.number, ours.base_number) in {(0x1234, None), (0x1234, 0x1200)}
        assert ("Delta CRL Indicator: critical\n                4608" in told.stdout) == (ours.base_number == 0x1200)
        assert ours.authority_key_identifier
        assert ":".join(re.findall("..", ours.authority_key_identifier)) in told.stdout
        assert ("verify OK" in told.stderr, "verify failure" in told.stderr) == (is_sound, not is_sound)
        assert signed(built, issuer) is is_sound


@needs_openssl
def test_openssl_takes_the_made_up_large_and_bare_lists(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(RSA_ROOT.pem)
    for built in (a_crl_of(RSA_ROOT, size=70_000), a_crl_of(RSA_ROOT, next_update=None)):
        (tmp_path / "a.crl").write_bytes(built)
        told = openssl("crl", "-inform", "DER", "-in", tmp_path / "a.crl", "-noout", "-CAfile", tmp_path / "ca.pem")
        assert "verify OK" in told.stderr
        assert signed(built, RSA_ROOT) is True
