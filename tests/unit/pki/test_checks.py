# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands against a list of CAs: each rule where it fires and right beside that, and the page about them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import re
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._pki.authority import (
    CertificateAuthority,
    MalformedAuthority,
    authorities_from,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate, is_self_signed
from ansible_collections.entra.cba.plugins.module_utils._pki.checks import is_expired, preflight
from ansible_collections.entra.cba.plugins.module_utils._pki.encodings import UnusableInput
from ansible_collections.entra.cba.plugins.module_utils._pki.findings import Finding, explain
from ansible_collections.entra.cba.plugins.module_utils._pki.rules import PREFLIGHT_RULES, RULES
from builders.pki import (
    BuiltCertificate,
    Options,
    a_federal_shaped_pki,
    a_leaf_of,
    a_root_ca,
    an_intermediate_of,
    an_rsa_key,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
PAST: Options = {"now": NOW, "not_before": -1000, "not_after": -30}
SECOND = 1 / 86400  # of a day
SHA1, MD5 = hashes.SHA1(), hashes.MD5()  # noqa: S303  the rules are about them

ROOT = a_root_ca(now=NOW)
ISSUING = an_intermediate_of(ROOT, now=NOW)
DEEPER = an_intermediate_of(ISSUING, "Example Deeper CA", now=NOW)
RSA_ROOT = a_root_ca("RSA Root CA", key=an_rsa_key(), now=NOW)
RSA_ISSUING = an_intermediate_of(RSA_ROOT, "RSA Issuing CA", now=NOW)

BASE, DELTA = "http://crl.example.org/root.crl", "http://crl.example.org/root+.crl"
PAGE = Path(__file__).parents[3] / "docs/docsite/rst/findings.rst"

Listed: t.TypeAlias = "BuiltCertificate | CertificateAuthority"


class Urls(t.TypedDict, total=False):
    """The addresses of a CA's revocation lists."""

    certificate_revocation_list_url: str | None
    delta_certificate_revocation_list_url: str | None


def an_authority(built: BuiltCertificate | bytes, **urls: t.Unpack[Urls]) -> CertificateAuthority:
    certificate = Certificate.from_der(built if isinstance(built, bytes) else built.der)
    return CertificateAuthority(certificate, is_root_authority=is_self_signed(certificate) is True, **urls)


def with_base(built: BuiltCertificate, url: str = BASE) -> CertificateAuthority:
    return an_authority(built, certificate_revocation_list_url=url)


def flagged(built: BuiltCertificate, is_root_authority: bool) -> CertificateAuthority:
    return CertificateAuthority(Certificate.from_der(built.der), is_root_authority=is_root_authority)


def findings_on(*listed: Listed, expires_within: int | None = None) -> list[Finding]:
    authorities = [each if isinstance(each, CertificateAuthority) else an_authority(each) for each in listed]
    return preflight(authorities, NOW, expires_within=expires_within)


def codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def a_line_of(count: int) -> list[BuiltCertificate]:
    line = [a_root_ca("CA 0", now=NOW)]
    for number in range(1, count):
        line.append(an_intermediate_of(line[-1], f"CA {number}", now=NOW))
    return line


def signed_again(built: BuiltCertificate, issuer: BuiltCertificate, algorithm: hashes.SHA1 | hashes.MD5) -> bytes:
    """Return an RSA certificate under a hash that the library does not issue certificates with any more."""
    arc = {"sha1": 5, "md5": 4}[algorithm.name]
    der = built.der.replace(bytes.fromhex("2a864886f70d01010b"), bytes.fromhex(f"2a864886f70d0101{arc:02x}"))
    assert isinstance(issuer.private_key, rsa.RSAPrivateKey)
    signed = x509.load_der_x509_certificate(der).tbs_certificate_bytes
    signature = issuer.private_key.sign(signed, padding.PKCS1v15(), algorithm)
    return der[: -len(signature)] + signature


def with_extension(oid: str, critical: bool) -> BuiltCertificate:
    value = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x05\x00")
    return a_root_ca(extensions=[(value, critical)], now=NOW)


def a_key_usage(*, key_cert_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def crossed() -> list[BuiltCertificate]:
    one, other = a_root_ca("One CA", now=NOW), a_root_ca("Other CA", now=NOW)
    return [
        an_intermediate_of(other, "One CA", key=one.private_key, now=NOW),
        an_intermediate_of(one, "Other CA", key=other.private_key, now=NOW),
        one,
    ]


def left_behind() -> list[BuiltCertificate]:
    """An issuer that expired, the CA that it left behind, and the issuer's newer certificate."""
    expired = an_intermediate_of(ROOT, "Renewed CA", **PAST)
    renewed = an_intermediate_of(ROOT, "Renewed CA", key=expired.private_key, now=NOW)
    return [expired, an_intermediate_of(expired, "Left Behind CA", now=NOW), renewed]


IMPOSTOR = a_root_ca(
    extensions=[(x509.SubjectKeyIdentifier.from_public_key(ROOT.private_key.public_key()), False)], now=NOW
)
CROSSED, LEFT_BEHIND, LINE = crossed(), left_behind(), a_line_of(11)
WITHOUT_SKI = a_root_ca(subject_key_identifier=False, now=NOW)
UNREADABLE = CertificateAuthority(Certificate.from_unreadable_der(b"\x30\x00", "too short"), is_root_authority=False)
OUTSIDE_RFC_5280 = "1.3.6.1.4.1.99999.1"


@dataclass(frozen=True)
class Case:
    """A list that breaks a rule, and the nearest one that does not; both with what else is found in them."""

    code: str
    faulty: Sequence[Listed]
    sound: Sequence[Listed]
    also_in_faulty: tuple[str, ...] = ()
    also_in_sound: tuple[str, ...] = ()


CASES = [
    Case("certificate.not_a_ca", [ROOT, a_leaf_of(ROOT, now=NOW)], [ROOT, ISSUING]),
    Case(
        "certificate.not_a_ca",
        [a_root_ca(basic_constraints=False, now=NOW)],
        [a_root_ca(path_length=0, now=NOW)],
    ),
    Case(
        "certificate.no_key_cert_sign",
        [a_root_ca(extensions=[(a_key_usage(key_cert_sign=False), True)], now=NOW)],
        [a_root_ca(extensions=[(a_key_usage(key_cert_sign=True), True)], now=NOW)],
    ),
    Case(
        "certificate.no_key_cert_sign",
        [ROOT, an_intermediate_of(ROOT, extensions=[(a_key_usage(key_cert_sign=False), True)], now=NOW)],
        [ROOT, an_intermediate_of(ROOT, key_usage=False, now=NOW)],
    ),
    Case("certificate.expired", [a_root_ca(not_after=0, now=NOW)], [a_root_ca(not_after=SECOND, now=NOW)]),
    Case("certificate.not_yet_valid", [a_root_ca(not_before=SECOND, now=NOW)], [a_root_ca(not_before=0, now=NOW)]),
    Case("certificate.unreadable", [UNREADABLE], [ROOT]),
    Case("chain.issuer_missing", [ISSUING], [ISSUING, ROOT]),
    Case("chain.issuer_missing", [LEFT_BEHIND[1], ROOT], [*LEFT_BEHIND[1:], ROOT]),
    Case("chain.signature_wrong", [IMPOSTOR, ISSUING], [IMPOSTOR, ISSUING, ROOT]),
    Case(
        "chain.issuer_not_valid",
        [*LEFT_BEHIND[:2], ROOT],
        [*LEFT_BEHIND, ROOT],
        also_in_faulty=("certificate.expired",),
        also_in_sound=("certificate.expired",),
    ),
    Case("chain.incomplete", [DEEPER, ISSUING], [DEEPER, ISSUING, ROOT], also_in_faulty=("chain.issuer_missing",)),
    Case("chain.no_root", CROSSED[:2], CROSSED, also_in_faulty=("chain.no_root",)),
    Case(
        "chain.no_key_identifier",
        [ROOT, an_intermediate_of(ROOT, authority_key_identifier=False, now=NOW)],
        [a_root_ca(authority_key_identifier=False, now=NOW)],
    ),
    Case(
        "chain.no_key_identifier",
        [WITHOUT_SKI, an_intermediate_of(WITHOUT_SKI, now=NOW)],
        [ROOT, an_intermediate_of(ROOT, subject_key_identifier=False, now=NOW)],
    ),
    Case("chain.too_long", LINE, LINE[:-1]),
    Case("root.flag_contradicts", [flagged(ROOT, False)], [flagged(ROOT, True)]),
    Case("root.flag_contradicts", [ROOT, flagged(ISSUING, True)], [ROOT, flagged(ISSUING, False)]),
    Case("list.duplicate", [ROOT, ROOT], [ROOT, a_root_ca(key=ROOT.private_key, now=NOW)]),
    Case("crl.no_subject_key_identifier", [with_base(WITHOUT_SKI)], [WITHOUT_SKI]),
    Case(
        "crl.no_subject_key_identifier",
        [an_authority(WITHOUT_SKI, delta_certificate_revocation_list_url=DELTA)],
        [with_base(ROOT)],
        also_in_faulty=("crl.delta_without_base",),
    ),
    *(
        Case("crl.url_not_http", [with_base(ROOT, url)], [with_base(ROOT, near)])
        for url, near in (
            ("ldap://crl.example.org/cn=Root", BASE),
            ("file:///srv/root.crl", "HTTP://CRL.EXAMPLE.ORG/root.crl"),
            ("httpx://crl.example.org/root.crl", "http://crl.example.org"),
            ("crl.example.org/root.crl", "http://192.0.2.1/root.crl?id=1"),
            ("http:///root.crl", "http://crl.example.org:80/root.crl"),
            ("https:///root.crl", "http://[2001:db8::1]/root.crl"),
            ("http://[crl/root.crl", "http://crl/root.crl"),
            ("http://crl.example.org:65536/root.crl", "http://crl.example.org:65535/root.crl"),
            ("http://crl.example.org/root ca.crl", "http://crl.example.org/root%20ca.crl"),
            ("http://crl.example.org/root.crl\n", "http://crl.example.org/root.crl#"),
        )
    ),
    Case(
        "crl.url_not_http",
        [
            an_authority(
                ROOT, certificate_revocation_list_url=BASE, delta_certificate_revocation_list_url="ftp://crl/root.crl"
            )
        ],
        [an_authority(ROOT, certificate_revocation_list_url=BASE, delta_certificate_revocation_list_url=DELTA)],
    ),
    Case("crl.url_https", [with_base(ROOT, "https://crl.example.org/root.crl")], [with_base(ROOT)]),
    Case(
        "crl.delta_without_base",
        [an_authority(ROOT, delta_certificate_revocation_list_url=DELTA)],
        [an_authority(ROOT, certificate_revocation_list_url=BASE, delta_certificate_revocation_list_url=DELTA)],
    ),
    Case(
        "crl.url_shared",
        [with_base(ROOT), with_base(ISSUING)],
        [with_base(ROOT), with_base(ISSUING, DELTA)],
        also_in_faulty=("crl.url_shared",),
    ),
    Case(  # one name, two keys; and one name and key, certified twice
        "crl.url_shared",
        [with_base(ROOT), with_base(a_root_ca(now=NOW))],
        [with_base(ROOT), with_base(a_root_ca(key=ROOT.private_key, now=NOW))],
        also_in_faulty=("crl.url_shared",),
    ),
    Case("key.weak", [a_root_ca(key=an_rsa_key(2040), now=NOW)], [RSA_ROOT]),
    Case(
        "key.weak",
        [a_root_ca(key=ec.generate_private_key(ec.SECP192R1()), now=NOW)],
        [a_root_ca(key=ec.generate_private_key(ec.SECP224R1()), now=NOW)],
    ),
    Case(
        "signature.weak",
        [RSA_ROOT, an_authority(signed_again(RSA_ISSUING, RSA_ROOT, SHA1))],
        [RSA_ISSUING, an_authority(signed_again(RSA_ROOT, RSA_ROOT, SHA1))],
    ),
    Case(
        "signature.weak",
        [RSA_ROOT, an_authority(signed_again(RSA_ISSUING, RSA_ROOT, MD5))],
        [RSA_ROOT, RSA_ISSUING],
    ),
    Case(
        "extension.unknown_critical",
        [with_extension(OUTSIDE_RFC_5280, True)],
        [with_extension(OUTSIDE_RFC_5280, False)],
    ),
    Case("extension.unknown_critical", [with_extension("2.5.29.99", True)], [with_extension("2.5.29.54", True)]),
    Case(
        "extension.unknown_critical",
        [with_extension("1.3.6.1.5.5.7.1.3", True)],
        [with_extension("1.3.6.1.5.5.7.1.11", True)],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_rule_fires_on_the_faulty_list_and_not_on_the_one_beside_it(case: Case) -> None:
    assert sorted(codes(findings_on(*case.faulty))) == sorted((case.code, *case.also_in_faulty))
    assert sorted(codes(findings_on(*case.sound))) == sorted(case.also_in_sound)


def test_every_rule_has_such_a_case() -> None:
    with_a_case = {case.code for case in CASES} | {"certificate.expires_soon"}  # below, since it takes a number of days
    assert with_a_case == {rule.code for rule in PREFLIGHT_RULES}


def test_an_end_that_is_near_is_found_within_the_days_asked_for() -> None:
    near, far = a_root_ca(not_after=30, now=NOW), a_root_ca(not_after=30 + SECOND, now=NOW)
    assert codes(findings_on(near, expires_within=30)) == ["certificate.expires_soon"]
    assert findings_on(far, expires_within=30) == []
    assert findings_on(near) == []
    assert codes(findings_on(far, expires_within=10**12)) == ["certificate.expires_soon"]


def test_a_ca_that_has_expired_does_not_expire_soon() -> None:
    assert codes(findings_on(a_root_ca(not_after=0, now=NOW), expires_within=30)) == ["certificate.expired"]


# What a finding says


def messages(*listed: Listed, expires_within: int | None = None) -> list[str]:
    return [finding.message for finding in findings_on(*listed, expires_within=expires_within)]


def short(built: BuiltCertificate) -> str:
    return str(Certificate.from_der(built.der))


def test_a_finding_names_the_ca_its_fault_and_the_way_out() -> None:
    root = dataclasses.replace(an_authority(a_root_ca(not_after=-5, not_before=-9, now=NOW)), origin="the old file")
    [finding] = findings_on(root)
    assert str(finding) == (
        f"certificate.expired: CN=Example Root CA,O=Example Org,C=DE (SHA-256 {root.sha256[:8]}) expired on 2026-02-24;"
        " the service refuses every list with an expired CA (from the old file). Give its newer certificate, take it"
        " out of the list, or set 'expired: omit' to leave expired CAs out of what is written."
    )
    assert finding.as_result() == {
        "code": "certificate.expired",
        "severity": "error",
        "subject": "CN=Example Root CA,O=Example Org,C=DE",
        "sha256": root.sha256,
        "message": finding.message,
        "remedy": finding.remedy,
        "aadsts": ["AADSTS500172"],
        "source": "Microsoft Entra, How to configure certificate authorities",
    }


def test_a_missing_issuer_is_named() -> None:
    assert messages(ISSUING) == ["lacks its issuer in the list: CN=Example Root CA,O=Example Org,C=DE"]


def test_a_missing_key_of_an_issuer_whose_name_is_there_is_named() -> None:
    key = Certificate.from_der(ISSUING.der).authority_key_identifier
    named = f"CN=Example Root CA,O=Example Org,C=DE with the key {key}"
    assert messages(a_root_ca(now=NOW), ISSUING) == [
        f"lacks its issuer in the list: {named}; those of that name here have others"
    ]


def test_an_impostor_is_named() -> None:
    assert messages(IMPOSTOR, ISSUING) == [f"names {short(IMPOSTOR)} as its issuer, which did not sign it"]


def test_of_several_expired_certificates_of_an_issuer_the_last_one_is_named() -> None:
    older, newer = (a_root_ca(key=ROOT.private_key, not_before=-99, not_after=end, now=NOW) for end in (-20, -10))
    for listed in ((older, newer, ISSUING), (newer, older, ISSUING)):
        assert f"has an issuer that expired on 2026-02-19: {short(newer)}" in messages(*listed)


def test_of_expired_certificates_and_those_to_come_the_first_to_come_is_named() -> None:
    expired = a_root_ca(key=ROOT.private_key, **PAST)
    first, second = (a_root_ca(key=ROOT.private_key, not_before=start, now=NOW) for start in (10, 20))
    for listed in ((expired, first, second, ISSUING), (second, first, expired, ISSUING)):
        assert f"has an issuer that is not valid before 2026-03-11: {short(first)}" in messages(*listed)


def test_an_incomplete_chain_names_the_ca_where_it_ends() -> None:
    below = an_intermediate_of(DEEPER, "Example Lowest CA", now=NOW)
    ends = [finding for finding in findings_on(ISSUING, DEEPER, below) if finding.code == "chain.incomplete"]
    assert [(each.sha256, each.message) for each in ends] == [
        (DEEPER.sha256, f"has a chain that ends at {short(ISSUING)}"),
        (below.sha256, f"has a chain that ends at {short(ISSUING)}"),
    ]


def test_a_shared_revocation_list_names_the_other_ca() -> None:
    renewed = a_root_ca(key=ROOT.private_key, now=NOW)
    of_sharing = {finding.sha256: finding.message for finding in findings_on(*map(with_base, (ROOT, renewed, ISSUING)))}
    assert of_sharing[ROOT.sha256] == of_sharing[renewed.sha256]
    assert of_sharing[ROOT.sha256] == f"has the same revocation list, {BASE}, as {short(ISSUING)}"
    assert f"as {Certificate.from_der(ROOT.der).subject}" in of_sharing[ISSUING.sha256]


@pytest.mark.parametrize(("days", "said"), [(0.5, "less than a day"), (1, "1 day"), (1.9, "1 day"), (30, "30 days")])
def test_an_end_that_is_near_is_told_in_days(days: float, said: str) -> None:
    assert re.search(rf", in {said}$", messages(a_root_ca(not_after=days, now=NOW), expires_within=99)[0])


def test_the_other_faults_are_told_with_what_they_are() -> None:
    told = [
        *messages(a_root_ca(not_before=SECOND, now=NOW)),
        *messages(*LINE),
        *messages(a_root_ca(key=an_rsa_key(1024), now=NOW)),
        *messages(a_root_ca(key=ec.generate_private_key(ec.SECP192R1()), now=NOW)),
        *messages(RSA_ROOT, an_authority(signed_again(RSA_ISSUING, RSA_ROOT, SHA1))),
        *messages(with_extension(OUTSIDE_RFC_5280, True)),
        *messages(flagged(ROOT, False)),
        *messages(UNREADABLE),
    ]
    assert told == [
        "is not valid before 2026-03-01 12:00 UTC",
        "is 10 steps below its root: 11 CAs",
        "has a weak key: RSA with 1024 bits",
        "has a weak key: the elliptic curve secp192r1 with 192 bits",
        "was signed with SHA1",
        "has critical extensions beyond RFC 5280: 1.3.6.1.4.1.99999.1",
        "is self-signed, but its is_root_authority is false",
        "cannot be read: too short",
    ]


def test_many_findings_are_told_with_each_remedy_once_and_like_cas_together() -> None:
    told = explain(
        findings_on(DEEPER, ISSUING, an_intermediate_of(ROOT, "Another CA", now=NOW), flagged(ROOT, True), ROOT)
    )
    assert told == "\n".join(
        (
            "list.duplicate (warning): Take the second entry out in the Entra admin center.",
            f"  {short(ROOT)}: is in the list more than once",
        )
    )
    others = [an_intermediate_of(ROOT, name, now=NOW) for name in ("Another CA", "Third CA")]
    told = explain(findings_on(DEEPER, *others, ISSUING))
    missing = "lacks its issuer in the list: CN=Example Root CA,O=Example Org,C=DE"
    assert [line for line in told.splitlines() if line.startswith("  ")] == [
        f"  {short(DEEPER)}: has a chain that ends at {short(ISSUING)}",
        f"  {short(others[0])}; {short(ISSUING)}; {short(others[1])}: {missing}",
    ]
    assert told.count("chain.issuer_missing (error, AADSTS500176): Add a valid certificate of that issuer") == 1
    assert explain([]) == ""


def test_errors_come_first_then_the_subject_then_the_code() -> None:
    found = findings_on(
        a_root_ca("B CA", not_after=-2, not_before=-9, now=NOW),
        an_authority(a_root_ca("A CA", now=NOW), delta_certificate_revocation_list_url="ldap://crl/a"),
        with_base(a_root_ca("C CA", now=NOW), "https://crl.example.org/c.crl"),
    )
    assert [(finding.severity, finding.subject[:6], finding.code) for finding in found] == [
        ("error", "CN=A C", "crl.delta_without_base"),
        ("error", "CN=A C", "crl.url_not_http"),
        ("error", "CN=B C", "certificate.expired"),
        ("warning", "CN=C C", "crl.url_https"),
    ]


def test_the_order_of_the_list_does_not_matter_to_the_findings() -> None:
    listed = [DEEPER, ISSUING, *CROSSED[:2], *LEFT_BEHIND[:2]]
    told = {"\n".join(map(str, findings_on(*order))) for order in itertools.permutations(listed, len(listed))}
    assert len(told) == 1


# What is left alone


def test_a_certificate_that_is_no_ca_is_not_blamed_for_its_chain_or_key_usage() -> None:
    assert codes(findings_on(a_leaf_of(ROOT, now=NOW))) == ["certificate.not_a_ca"]


def test_an_expired_ca_is_not_blamed_for_its_chain() -> None:
    assert codes(findings_on(an_intermediate_of(ROOT, **PAST))) == ["certificate.expired"]


def test_a_ca_without_its_issuer_is_not_blamed_for_a_key_identifier_besides() -> None:
    built = an_intermediate_of(ROOT, authority_key_identifier=False, now=NOW)
    assert codes(findings_on(built)) == ["chain.issuer_missing"]


def test_a_ca_has_expired_from_its_last_second_on_and_one_that_cannot_be_read_never() -> None:
    over, not_over = a_root_ca(not_after=0, now=NOW), a_root_ca(not_after=SECOND, now=NOW)
    assert [is_expired(each, NOW) for each in (an_authority(over), an_authority(not_over), UNREADABLE)] == [
        True,
        False,
        False,
    ]


def test_what_cannot_be_read_is_checked_for_its_addresses_alone() -> None:
    unreadable = dataclasses.replace(UNREADABLE, certificate_revocation_list_url="ldap://crl.example.org/a")
    assert codes(findings_on(unreadable)) == ["crl.url_not_http", "certificate.unreadable"]


def test_keys_and_signatures_of_a_kind_that_is_not_known_here_are_no_finding() -> None:
    unknown = an_authority(
        ROOT.der.replace(bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d04037f"))  # the signature's kind
    )
    other_key = an_authority(
        ROOT.der.replace(bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d027f"))  # the key's kind
    )
    assert findings_on(dataclasses.replace(unknown, is_root_authority=True)) == []
    assert findings_on(dataclasses.replace(other_key, is_root_authority=True)) == []


def test_a_key_without_a_size_is_not_weak() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    usage: list[x509.ExtensionType] = [x509.BasicConstraints(True, None)]
    builder = x509.CertificateBuilder().subject_name(ROOT.certificate.subject).issuer_name(ROOT.certificate.subject)
    builder = builder.public_key(key.public_key()).serial_number(1).add_extension(usage[0], True)
    builder = builder.not_valid_before(NOW - dt.timedelta(1)).not_valid_after(NOW + dt.timedelta(1))
    assert findings_on(an_authority(BuiltCertificate(builder.sign(key, None), ROOT.private_key))) == []


def test_extensions_that_the_library_cannot_read_do_not_hide_a_critical_one() -> None:
    names = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x02\x04\x00")
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier(OUTSIDE_RFC_5280), b"\x05\x00")
    odd = a_root_ca(extensions=[(names, False), (unknown, True)], now=NOW)
    with pytest.raises(ValueError, match=r"\w"):
        _read = x509.load_der_x509_certificate(odd.der).extensions
    assert codes(findings_on(odd)) == ["extension.unknown_critical"]


# Whole PKIs


def test_a_federation_has_its_expired_cas_and_their_orphans_found_and_nothing_else() -> None:
    pki = a_federal_shaped_pki(146, now=NOW)
    found = findings_on(*pki.certificates)
    assert {finding.sha256 for finding in found if finding.code == "certificate.expired"} == {
        each.sha256 for each in pki.expired
    }
    assert {finding.sha256 for finding in found if finding.code == "chain.issuer_not_valid"} == {
        each.sha256 for each in pki.orphans
    }
    assert len(found) == len(pki.expired) + len(pki.orphans)


def test_without_its_expired_cas_a_federation_has_their_orphans_lack_an_issuer() -> None:
    pki = a_federal_shaped_pki(146, now=NOW)
    kept = [each for each in map(an_authority, pki.certificates) if not is_expired(each, NOW)]
    found = findings_on(*kept)
    assert {finding.code for finding in found} == {"chain.issuer_missing"}
    assert [finding.sha256 for finding in found] == sorted(
        (each.sha256 for each in pki.orphans),
        key=lambda sha256: next(each.certificate.subject for each in kept if each.sha256 == sha256),
    )


def test_nothing_stands_against_the_roots_of_the_web() -> None:
    roots = authorities_from([{"path": certifi.where()}], lambda path: Path(path).read_bytes())
    moment = max(each.certificate.not_before or NOW for each in roots) + dt.timedelta(days=1)
    found = [each for each in preflight(roots, moment) if each.code != "certificate.expired"]
    assert len(roots) > 100
    assert found == []


def test_a_list_ten_times_as_long_takes_some_ten_times_as_long() -> None:
    def seconds(size: int) -> float:
        authorities = [an_authority(each) for each in a_federal_shaped_pki(size, now=NOW).certificates]
        taken = []
        for _unused in range(3):
            begun = time.process_time()
            preflight(authorities, NOW)
            taken.append(time.process_time() - begun)
        return min(taken)

    assert seconds(1000) < 30 * seconds(100)


# The page for people, and the promises to callers


def rows_of_the_page() -> dict[str, tuple[str, ...]]:
    rows: dict[str, tuple[str, ...]] = {}
    for row in PAGE.read_text(encoding="utf-8").split("\n   * - ")[2:]:
        table = row.split("\n\n")[0]
        code, severity, _meaning, remedy, aadsts, source = (
            " ".join(cell.split()) for cell in re.split(r"^     -(?: |$)", table, flags=re.MULTILINE)
        )
        assert code.strip("`") not in rows
        rows[code.strip("`")] = (severity, remedy, aadsts, source)
    return rows


def test_the_page_tells_of_every_rule_what_the_code_says() -> None:
    assert rows_of_the_page() == {
        rule.code: (rule.severity, f"{rule.remedy}.", ", ".join(rule.aadsts), rule.source) for rule in RULES
    }


def test_the_page_lists_every_source() -> None:
    _table, _heading, sources = PAGE.read_text(encoding="utf-8").partition("\nSources\n")
    assert {rule.source for rule in RULES if f"- {rule.source.partition(', section')[0]}" not in sources} == set()


def test_the_codes_are_unique_and_of_one_scheme() -> None:
    rules = [rule.code for rule in RULES]
    assert len(rules) == len(set(rules))
    assert [code for code in rules if not re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", code)] == []


def test_the_codes_of_a_sign_in_are_written_as_people_search_for_them() -> None:
    aadsts = [code for rule in RULES for code in rule.aadsts]
    assert [code for code in aadsts if not re.fullmatch(r"AADSTS\d{6,7}", code)] == []


@pytest.mark.parametrize("kind", [UnusableInput, MalformedAuthority])
def test_what_is_wrong_with_an_input_is_a_failure_of_the_task_and_still_a_value_error(kind: type[Exception]) -> None:
    assert issubclass(kind, Failure)
    assert issubclass(kind, ValueError)
