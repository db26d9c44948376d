# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands against published revocation lists: each rule where it fires and right beside that."""

from __future__ import annotations

import datetime as dt
import gc
import shutil
import subprocess
import typing as t
import weakref
from dataclasses import dataclass, field, replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ansible_collections.entra.cba.plugins.module_utils._pki import crl_checks
from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate
from ansible_collections.entra.cba.plugins.module_utils._pki.checks import preflight
from ansible_collections.entra.cba.plugins.module_utils._pki.crl_checks import (
    CrlLimits,
    Publication,
    check_publications,
    limits_of,
    read_publication,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.rules import CRL_RULES
from builders.pki import (
    BuiltCertificate,
    a_crl_of,
    a_leaf_of,
    a_name,
    a_root_ca,
    an_ec_key,
    an_intermediate_of,
    an_rsa_key,
)

if t.TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ansible_collections.entra.cba.plugins.module_utils._pki.findings import Finding

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
SECOND = 1 / 86400  # of a day
HOUR = 1 / 24
LIMITS = CrlLimits(interactive=20 * 1024 * 1024, background=45 * 1024 * 1024)

ROOT = a_root_ca(now=NOW)
ISSUING = an_intermediate_of(ROOT, now=NOW)
OTHER = a_root_ca("Other Root CA", now=NOW)
RSA_ROOT = a_root_ca("RSA Root CA", key=an_rsa_key(), now=NOW)
BASE, DELTA = "http://crl.example.org/a.crl", "http://crl.example.org/a+.crl"


@dataclass(frozen=True)
class Answer:
    """What came of asking for a URL, in the shape that the fetcher has it."""

    content: memoryview | None
    size: int
    url: str = BASE
    final_url: str = BASE
    seconds: float = 0.1
    status: int | None = 200
    failure: str | None = None
    reason: str = ""
    through_proxy: bool = False


def an_answer(content: bytes, url: str = BASE, **facts: t.Any) -> Answer:
    return replace(Answer(memoryview(content), len(content), url=url, final_url=url), **facts)


def a_failure(failure: str, reason: str = "", *, url: str = BASE, **facts: t.Any) -> Answer:
    return replace(Answer(None, 0, url, url, status=None, failure=failure, reason=reason), **facts)


def an_authority(built: BuiltCertificate, base: str | None = None, delta: str | None = None) -> CertificateAuthority:
    certificate = Certificate.from_der(built.der)
    return CertificateAuthority(certificate, certificate.subject == certificate.issuer, base, delta)


@dataclass(frozen=True)
class Published:
    """The lists of one CA, and the other CAs of the trust store."""

    base: Answer | bytes | None = None
    delta: Answer | bytes | None = None
    built: BuiltCertificate = ROOT
    others: Sequence[CertificateAuthority] = field(default=(an_authority(OTHER, "http://crl.example.org/other.crl"),))
    base_url: str | None = BASE
    delta_url: str | None = None

    def authorities(self) -> list[CertificateAuthority]:
        delta_url = DELTA if self.delta is not None else self.delta_url
        return [an_authority(self.built, self.base_url, delta_url), *self.others]

    def publications(self) -> dict[str, Publication]:
        answers = [
            an_answer(each, url) if isinstance(each, bytes) else each
            for each, url in ((self.base, BASE), (self.delta, DELTA))
            if each is not None
        ]
        return {each.url: read_publication(each, self.authorities()) for each in answers}

    def findings(self, **options: t.Any) -> list[Finding]:
        return check_publications(self.authorities(), self.publications(), NOW, LIMITS, **options)


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def crl(issuer: BuiltCertificate = ROOT, **options: t.Any) -> bytes:
    return a_crl_of(issuer, **({"now": NOW} | options))


def a_distribution_point(**limits: t.Any) -> tuple[x509.ExtensionType, bool]:
    default: dict[str, t.Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(default | limits)), True


def an_unknown_extension(*, critical: bool) -> tuple[x509.ExtensionType, bool]:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00"), critical


def without_crl_sign(*, crl_sign: bool) -> BuiltCertificate:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
    return a_root_ca(extensions=[(usage, True)], now=NOW)


def key_identifier(built: BuiltCertificate) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(built.private_key.public_key())


FORGER = BuiltCertificate(ROOT.certificate, an_ec_key())
FORGED = crl(FORGER, authority_key_identifier=key_identifier(ROOT))
FRESHEST = (
    x509.FreshestCRL([x509.DistributionPoint([x509.UniformResourceIdentifier(DELTA)], None, None, None)]),
    False,
)
WHOLE = [a_distribution_point(full_name=[x509.UniformResourceIdentifier(BASE)])]
NO_CRL_SIGN, CRL_SIGN = without_crl_sign(crl_sign=False), without_crl_sign(crl_sign=True)
ABOVE = [an_authority(ISSUING, "http://crl.example.org/issuing.crl")]
MIB = 1024 * 1024


@dataclass(frozen=True)
class Case:
    """Lists that break a rule, and the nearest that do not."""

    code: str
    faulty: Published
    sound: Published


CASES = [
    Case("crl.unreachable", Published(a_failure("unreachable", "no such host")), Published(crl())),
    Case("crl.unreachable", Published(a_failure("redirects", "more than 5")), Published(crl())),
    Case("crl.unreachable", Published(a_failure("refused_scheme", "redirected to file:///a")), Published(crl())),
    Case("crl.http_error", Published(a_failure("status", "Forbidden", status=403)), Published(crl())),
    Case("crl.address_refused", Published(a_failure("refused_address", "127.0.0.1")), Published(crl())),
    Case("crl.timeout", Published(a_failure("timeout", seconds=10.0)), Published(an_answer(crl(), seconds=10.0))),
    Case("crl.timeout", Published(an_answer(crl(), seconds=10.1)), Published(an_answer(crl(), seconds=9.9))),
    Case(
        "crl.too_large",
        Published(a_failure("too_large", size=45 * MIB + 1)),
        Published(crl()),
    ),
    Case(
        "crl.too_large",
        Published(an_answer(crl(), size=45 * MIB + 1)),
        Published(an_answer(crl(), size=20 * MIB)),
    ),
    Case("crl.large", Published(an_answer(crl(), size=45 * MIB)), Published(an_answer(crl(), size=20 * MIB))),
    Case("crl.large", Published(an_answer(crl(), size=20 * MIB + 1)), Published(crl(size=50_000))),
    Case("crl.redirected", Published(an_answer(crl(), final_url=BASE + "?1")), Published(an_answer(crl()))),
    Case("crl.only_through_proxy", Published(an_answer(crl(), through_proxy=True)), Published(crl())),
    Case("crl.not_der", Published(crl(encoding="pem")), Published(crl())),
    Case("crl.not_der", Published(b"<html>"), Published(crl())),
    Case("crl.signature_wrong", Published(FORGED), Published(crl(authority_key_identifier=key_identifier(ROOT)))),
    Case("crl.wrong_authority", Published(crl(OTHER)), Published(crl())),
    Case("crl.wrong_authority", Published(crl(ISSUING)), Published(crl())),
    Case(
        "crl.wrong_authority",
        Published(crl(name=a_name("Example Root CA 2"))),
        Published(crl(name=a_name("EXAMPLE root  CA"))),
    ),
    Case("crl.wrong_authority", Published(crl(authority_key_identifier=key_identifier(OTHER))), Published(crl())),
    Case("crl.no_authority_key_identifier", Published(crl(authority_key_identifier=False)), Published(crl())),
    Case("crl.no_crl_sign", Published(crl(NO_CRL_SIGN), built=NO_CRL_SIGN), Published(crl(CRL_SIGN), built=CRL_SIGN)),
    Case("crl.expired", Published(crl(next_update=0)), Published(crl(next_update=SECOND))),
    Case("crl.not_yet_valid", Published(crl(this_update=SECOND)), Published(crl(this_update=0))),
    Case("crl.no_next_update", Published(crl(next_update=None)), Published(crl())),
    Case("crl.no_number", Published(crl(number=None)), Published(crl(number=0))),
    Case("crl.unexpected_delta", Published(crl(number=2, base_number=1)), Published(crl(number=2))),
    Case(
        "crl.unexpected_delta",
        Published(crl(), crl(next_update=1)),
        Published(crl(), crl(number=2, base_number=1, next_update=1)),
    ),
    Case(
        "crl.delta_base_mismatch",
        Published(crl(number=6), crl(number=9, base_number=7, next_update=1)),
        Published(crl(number=7), crl(number=9, base_number=7, next_update=1)),
    ),
    Case(
        "crl.freshest_not_configured",
        Published(crl(extensions=[FRESHEST])),
        Published(crl(extensions=[FRESHEST]), delta_url=DELTA),
    ),
    Case(
        "crl.indirect",
        Published(crl(extensions=[a_distribution_point(indirect_crl=True)])),
        Published(crl(extensions=WHOLE)),
    ),
    Case(
        "crl.partitioned",
        Published(crl(extensions=[a_distribution_point(only_contains_ca_certs=True)])),
        Published(crl(extensions=WHOLE)),
    ),
    Case(
        "crl.unknown_critical",
        Published(crl(extensions=[an_unknown_extension(critical=True)])),
        Published(crl(extensions=[an_unknown_extension(critical=False)])),
    ),
    Case("crl.lifetime_long", Published(crl(next_update=34 + SECOND)), Published(crl(next_update=34))),
    Case(
        "crl.lifetime_long",
        Published(crl(next_update=399 + SECOND), others=ABOVE),
        Published(crl(next_update=399), others=ABOVE),
    ),
    Case(
        "crl.lifetime_long",
        Published(crl(), crl(number=2, base_number=1, next_update=7 + SECOND)),
        Published(crl(), crl(number=2, base_number=1, next_update=7)),
    ),
    Case(
        "crl.lifetime_short",
        Published(crl(this_update=0, next_update=1 - SECOND)),
        Published(crl(this_update=0, next_update=1)),
    ),
    Case(
        "crl.lifetime_short",
        Published(crl(), crl(number=2, base_number=1, this_update=0, next_update=HOUR - SECOND)),
        Published(crl(), crl(number=2, base_number=1, this_update=0, next_update=HOUR)),
    ),
    *(
        Case(
            "crl.weak_signature",
            Published(crl(RSA_ROOT, hash_algorithm=weak), built=RSA_ROOT),
            Published(crl(RSA_ROOT), built=RSA_ROOT),
        )
        for weak in (hashes.SHA1(), hashes.MD5())  # noqa: S303  the rule is about them
    ),
    Case("crl.missing", Published(base_url=None), Published(base_url=None, others=[an_authority(OTHER)])),
    Case("crl.missing", Published(base_url=None), Published(crl())),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_rule_fires_on_the_faulty_list_and_not_on_the_one_beside_it(case: Case) -> None:
    assert codes(case.faulty.findings()) == [case.code]
    assert case.sound.findings() == []


def test_every_rule_has_such_a_case() -> None:
    with_a_case = {case.code for case in CASES} | {"crl.expires_soon"}  # below, since it takes a number of hours
    assert with_a_case == {rule.code for rule in CRL_RULES}


def test_nothing_stands_against_a_sound_pki_with_complete_and_delta_lists() -> None:
    urls = {built.sha256: (f"http://crl/{number}.crl", f"http://crl/{number}+.crl") for number, built in
            enumerate((ROOT, ISSUING, RSA_ROOT))}  # fmt: skip
    authorities = [an_authority(built, *urls[built.sha256]) for built in (ROOT, ISSUING, RSA_ROOT)]
    publications = {}
    for built in (ROOT, ISSUING, RSA_ROOT):
        base, delta = urls[built.sha256]
        freshest = x509.FreshestCRL([x509.DistributionPoint([x509.UniformResourceIdentifier(delta)], None, None, None)])
        revoked = [a_leaf_of(built, now=NOW)]
        for content, url in (
            (crl(built, number=7, revoked=revoked, extensions=[(freshest, False)]), base),
            (crl(built, number=9, base_number=7, revoked=revoked, this_update=-0.5, next_update=0.5), delta),
        ):
            publications[url] = read_publication(an_answer(content, url), authorities)
            assert publications[url].signers == (built.sha256,)
    assert check_publications(authorities, publications, NOW, LIMITS, expires_within_hours=11) == []
    assert preflight(authorities, NOW) == []


# What is near its end


def test_a_list_near_its_end_is_found_within_the_hours_asked_for() -> None:
    near, far = crl(this_update=-5, next_update=1), crl(this_update=-5, next_update=1 + SECOND)
    [finding] = Published(near).findings(expires_within_hours=24)
    assert (finding.code, finding.message) == (
        "crl.expires_soon",
        f"has a revocation list at {BASE} that expires on 2026-03-02 12:00 UTC, in 24 hours",
    )
    assert Published(far).findings(expires_within_hours=24) == []
    assert Published(near).findings() == []


def test_a_list_in_the_first_half_of_its_life_is_not_near_its_end() -> None:
    week = 24 * 7
    assert Published(crl(this_update=0, next_update=1)).findings(expires_within_hours=week) == []
    assert codes(Published(crl(this_update=-0.5, next_update=0.5)).findings(expires_within_hours=week)) == [
        "crl.expires_soon"
    ]


def test_a_list_that_has_expired_does_not_expire_soon_and_has_lived_long_enough() -> None:
    assert codes(Published(crl(next_update=-0.5)).findings()) == ["crl.expired"]
    assert codes(Published(crl(next_update=0)).findings(expires_within_hours=24)) == ["crl.expired"]


# What a finding says


def message(published: Published) -> str:
    [finding] = published.findings()
    return finding.message


def test_a_list_of_another_ca_is_named_as_that_cas() -> None:
    other = Certificate.from_der(OTHER.der)
    assert message(Published(crl(OTHER))) == f"has a revocation list at {BASE} that is that of {other}"
    forged = crl(BuiltCertificate(OTHER.certificate, an_ec_key()), authority_key_identifier=key_identifier(OTHER))
    assert message(Published(forged)) == f"has a revocation list at {BASE} that is that of {other}"


def test_of_namesakes_the_one_that_signed_is_named_or_else_the_one_with_the_key() -> None:
    namesake = a_root_ca("Other Root CA", now=NOW)
    impostor = a_root_ca(
        "Other Root CA",
        extensions=[(x509.SubjectKeyIdentifier.from_public_key(OTHER.private_key.public_key()), False)],
        now=NOW,
    )
    others = [an_authority(built, "http://crl.example.org/other.crl") for built in (namesake, impostor, OTHER)]
    forged = crl(BuiltCertificate(OTHER.certificate, an_ec_key()), authority_key_identifier=key_identifier(OTHER))
    signed, named = message(Published(crl(OTHER), others=others)), message(Published(forged, others=others))
    assert signed.endswith(f"is that of {Certificate.from_der(OTHER.der)}")
    assert named.endswith(f"is that of {Certificate.from_der(impostor.der)}")


def test_a_list_of_a_ca_that_is_not_in_the_store_is_told_by_name_and_key() -> None:
    stranger = a_root_ca("Stranger CA")
    key = Certificate.from_der(stranger.der).subject_key_identifier
    assert message(Published(crl(stranger))) == (
        f"has a revocation list at {BASE} that is that of a CA that is not in the list: "
        f"CN=Stranger CA,O=Example Org,C=DE with the key {key}"
    )
    bare = Published(crl(stranger, authority_key_identifier=False)).findings()
    assert [finding.message for finding in bare if finding.code == "crl.wrong_authority"] == [
        (
            f"has a revocation list at {BASE} that is that of a CA that is not in the list: "
            "CN=Stranger CA,O=Example Org,C=DE"
        )
    ]


def test_a_key_identifier_that_is_not_the_cas_is_told_although_its_key_signed() -> None:
    own, named = (Certificate.from_der(built.der).subject_key_identifier for built in (ROOT, OTHER))
    assert message(Published(crl(authority_key_identifier=key_identifier(OTHER)))) == (
        f"has a revocation list at {BASE} that names the key {named} as its signer, "
        f"while the key identifier of this CA is {own}"
    )


OF_ANOTHER_NAME = "that names CN=New Name,O=Example Org,C=DE as its issuer, while it was signed with the key of this CA"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (a_failure("status", "Forbidden", status=403), "that is answered with status 403: Forbidden"),
        (a_failure("timeout", seconds=10.04), "that was not there after 10.0 seconds"),
        (a_failure("refused_address", "crl is 127.0.0.1"),
         "that is at an address that the internet does not reach: crl is 127.0.0.1"),
        (a_failure("unreachable", "no such host"), "that cannot be fetched: no such host"),
        (a_failure("too_large", size=45 * MIB + 1), "of at least 45.1 MB; the service takes 45 MB at most"),
        (an_answer(crl(), size=46 * MIB), "of 46 MB; the service takes 45 MB at most"),
        (an_answer(crl(), size=21 * MIB), "of 21 MB, more than the 20 MB during a sign-in"),
        (an_answer(crl(), final_url="http://b/"), "that is redirected to http://b/"),
        (an_answer(b"<html>"), "that is an HTML page, perhaps an error or login page in place of the list"),
        (an_answer(FORGED), "that names this CA, whose key did not sign it"),
        (an_answer(crl(next_update=-0.5)), "that expired on 2026-03-01 00:00 UTC"),
        (an_answer(crl(name=a_name("New Name"))), OF_ANOTHER_NAME),
        (an_answer(crl(this_update=0, next_update=0.5)), "that is valid for 12 hours, shorter than 24 hours"),
        (an_answer(crl(next_update=89)), "that is valid for 90 days, longer than 35 days"),
        (an_answer(crl(extensions=[an_unknown_extension(critical=True)])),
         "with critical extensions beyond RFC 5280: 1.3.6.1.4.1.99999.1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_finding_names_the_list_and_its_fault(answer: Answer, said: str) -> None:
    assert message(Published(answer)).removeprefix(f"has a revocation list at {BASE} ") == said


def test_a_finding_on_a_delta_names_it_as_one() -> None:
    assert message(Published(crl(), b"")) == f"has a delta revocation list at {DELTA} that is empty"
    assert message(Published(crl(number=6), crl(number=9, base_number=7, next_update=1))) == (
        "has a delta revocation list to the complete list 7, while the one that is published has the number 6"
    )


def test_errors_come_first() -> None:
    found = Published(crl(number=None, next_update=0)).findings()
    assert [(finding.severity, finding.code) for finding in found] == [
        ("error", "crl.expired"),
        ("warning", "crl.no_number"),
    ]


# What is left alone


def test_an_address_that_is_none_of_http_is_left_to_preflight() -> None:
    url = "ldap://crl.example.org/cn=a"
    authority = an_authority(ROOT, url)
    publications = {url: read_publication(a_failure("refused_scheme", url=url), [authority])}
    assert check_publications([authority], publications, NOW, LIMITS) == []
    assert codes(preflight([authority], NOW)) == ["crl.url_not_http"]


def test_an_address_of_http_that_was_refused_is_a_finding() -> None:
    url = "HTTP://user@crl.example.org/a.crl"
    authority = an_authority(ROOT, url)
    publications = {url: read_publication(a_failure("refused_scheme", "it has a user name", url=url), [authority])}
    assert codes(check_publications([authority], publications, NOW, LIMITS)) == ["crl.unreachable"]
    assert preflight([authority], NOW) == []


def test_a_ca_with_nothing_but_a_delta_list_does_not_lack_one() -> None:
    authorities = [an_authority(ROOT, None, DELTA), an_authority(OTHER, BASE)]
    assert check_publications(authorities, {}, NOW, LIMITS) == []


def test_a_delta_in_place_of_the_complete_list_is_not_compared_with_the_delta() -> None:
    deltas = [crl(number=number, base_number=number - 1, next_update=1) for number in (6, 9)]
    assert codes(Published(*deltas).findings()) == ["crl.unexpected_delta"]


def test_of_a_list_that_was_not_asked_for_nothing_is_said() -> None:
    assert check_publications([an_authority(ROOT, BASE, DELTA)], {}, NOW, LIMITS) == []


def test_a_certificate_that_cannot_be_read_is_not_held_against_its_list() -> None:
    unreadable = CertificateAuthority(Certificate.from_unreadable_der(b"\x30\x00", "too short"), False, BASE)
    publication = read_publication(an_answer(crl()), [unreadable])
    assert (publication.signers, publication.unverified) == ((), ())
    assert check_publications([unreadable], {BASE: publication}, NOW, LIMITS) == []


def test_a_signature_that_cannot_be_verified_here_is_not_called_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crl_checks, "is_signed_by", lambda *_any: None)
    published = Published(crl())
    assert [each.unverified for each in published.publications().values()] == [(ROOT.sha256,)]
    assert published.findings() == []


# Reading


def test_each_certificate_of_one_ca_is_a_signer_and_the_list_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(crl: t.Any, octets: t.Any, issuer: Certificate) -> bool | None:
        asked.append(issuer.sha256)
        return is_signed_by(crl, octets, issuer)

    is_signed_by = crl_checks.is_signed_by
    monkeypatch.setattr(crl_checks, "is_signed_by", counted)
    certified = [ROOT, an_intermediate_of(OTHER, "Example Root CA", key=ROOT.private_key, now=NOW)]
    namesake = a_root_ca(now=NOW)
    listed = [an_authority(each) for each in (*certified, ROOT, namesake, OTHER)]
    publication = read_publication(an_answer(crl()), listed)
    assert publication.signers == tuple(each.sha256 for each in certified)
    assert asked == [ROOT.sha256, namesake.sha256]


@pytest.mark.parametrize(
    "content", [crl(size=10_000), crl(size=10_000)[:-1], crl(number=None) + b" "], ids=["list", "cut short", "too long"]
)
def test_a_publication_keeps_nothing_of_the_content(content: bytes) -> None:
    class Octets(bytearray):
        """A buffer whose end can be seen."""

    octets = Octets(content)
    gone = weakref.ref(octets)
    answer = Answer(memoryview(octets), len(octets))
    gc.disable()  # it has to go at once, and not when the collector comes by
    try:
        publication = read_publication(answer, [an_authority(ROOT)])
        del octets, answer
        assert gone() is None
    finally:
        gc.enable()
    assert publication.size == len(content)


def test_a_publication_is_shown_with_its_facts() -> None:
    answer = an_answer(crl(number=2**100, base_number=2**99), DELTA, seconds=0.12345)
    assert read_publication(answer, [an_authority(ROOT)]).as_result() == {
        "url": DELTA,
        "final_url": DELTA,
        "status": 200,
        "size": answer.size,
        "seconds": 0.123,
        "failure": None,
        "reason": "",
        "through_proxy": False,
        "issuer": "CN=Example Root CA,O=Example Org,C=DE",
        "this_update": "2026-02-28T12:00:00Z",
        "next_update": "2026-03-08T12:00:00Z",
        "number": str(2**100),
        "base_number": str(2**99),
        "authority_key_identifier": Certificate.from_der(ROOT.der).subject_key_identifier,
        "signers": [ROOT.sha256],
    }


def test_a_publication_without_a_list_is_shown_with_the_reason() -> None:
    failed = read_publication(a_failure("unreachable", "no such host"), []).as_result()
    assert (failed["failure"], failed["reason"], failed["issuer"], failed["number"]) == (
        "unreachable",
        "no such host",
        None,
        None,
    )
    odd = read_publication(an_answer(b""), []).as_result()
    assert (odd["failure"], odd["reason"], odd["status"]) == (None, "is empty", 200)


def test_each_cloud_has_its_limits() -> None:
    assert limits_of("global") == limits_of("china") == CrlLimits(20 * MIB, 45 * MIB, 10)
    assert limits_of("us_government_l4") == limits_of("us_government_l5") == CrlLimits(45 * MIB, 150 * MIB, 10)


# The same told by OpenSSL


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl command here")
@pytest.mark.parametrize(
    ("published", "code", "verdict"),
    [
        (Published(crl()), None, "OK"),
        (Published(crl(size=50_000, number=None)), "crl.no_number", "OK"),
        (Published(crl(next_update=-SECOND)), "crl.expired", "CRL has expired"),
        (Published(crl(this_update=SECOND)), "crl.not_yet_valid", "CRL is not yet valid"),
        (Published(FORGED), "crl.signature_wrong", "CRL signature failure"),
        (Published(crl(OTHER)), "crl.wrong_authority", "unable to get certificate CRL"),
        (Published(crl(NO_CRL_SIGN), built=NO_CRL_SIGN), "crl.no_crl_sign", "key usage does not include CRL signing"),
        (Published(crl(extensions=[an_unknown_extension(critical=True)])), "crl.unknown_critical",
         "unhandled critical CRL extension"),
        (Published(crl(extensions=[a_distribution_point(only_contains_ca_certs=True)])), "crl.partitioned",
         "different CRL scope"),
        (Published(crl(extensions=[a_distribution_point(only_contains_user_certs=True)])), "crl.partitioned", "OK"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_openssl_refuses_a_sign_in_for_the_lists_that_an_error_is_found_in(
    published: Published, code: str | None, verdict: str, tmp_path: Path
) -> None:
    assert codes(published.findings()) == ([code] if code else [])
    assert isinstance(published.base, bytes)
    (tmp_path / "ca.pem").write_bytes(published.built.pem)
    (tmp_path / "user.pem").write_bytes(a_leaf_of(published.built, now=NOW).pem)
    (tmp_path / "a.crl").write_bytes(published.base)
    subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", tmp_path / "a.crl", "-out", tmp_path / "a.pem"], check=True
    )
    told = subprocess.run(
        ["openssl", "verify", "-crl_check", "-attime", f"{NOW.timestamp():.0f}", "-CAfile", tmp_path / "ca.pem",
         "-CRLfile", tmp_path / "a.pem", tmp_path / "user.pem"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert verdict in told.stdout + told.stderr
    assert (told.returncode == 0) == (verdict == "OK")
