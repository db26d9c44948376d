# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who issued whom in a list, and which CAs lead to a root."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519

from ansible_collections.entra.cba.plugins.module_utils._pki import chain as chain_module
from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import (
    Certificate,
    is_issued_by,
    is_self_signed,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.chain import Chain, chains, is_valid
from builders.pki import (
    BuiltCertificate,
    Options,
    a_federal_shaped_pki,
    a_name,
    a_root_ca,
    an_ec_key,
    an_intermediate_of,
)

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
AT: Options = {"now": NOW}
PAST: Options = {"now": NOW, "not_before": -1000, "not_after": -30}
TO_COME: Options = {"now": NOW, "not_before": 30}
NO_KEY_IDENTIFIERS: Options = {"now": NOW, "subject_key_identifier": False, "authority_key_identifier": False}

ROOT = a_root_ca(now=NOW)
ISSUING = an_intermediate_of(ROOT, now=NOW)
DEEPER = an_intermediate_of(ISSUING, "Example Deeper CA", now=NOW)

ECDSA_WITH_SHA256, NO_SUCH_ALGORITHM = bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d04037f")


def an_authority(built: BuiltCertificate) -> CertificateAuthority:
    certificate = Certificate.from_der(built.der)
    return CertificateAuthority(certificate, is_root_authority=is_self_signed(certificate) is True)


def an_unverifiable(built: BuiltCertificate) -> CertificateAuthority:
    certificate = Certificate.from_der(built.der.replace(ECDSA_WITH_SHA256, NO_SUCH_ALGORITHM))
    return CertificateAuthority(certificate, is_root_authority=False)


def an_unreadable(issuer_ski: str | None) -> CertificateAuthority:
    return CertificateAuthority(
        Certificate.from_unreadable_der(b"\x30\x00", "too short"), is_root_authority=False, issuer_ski=issuer_ski
    )


def chains_of(*listed: BuiltCertificate | CertificateAuthority) -> list[Chain]:
    return chains([each if isinstance(each, CertificateAuthority) else an_authority(each) for each in listed], NOW)


def lengths(*listed: BuiltCertificate | CertificateAuthority) -> list[int | None]:
    return [chain.length for chain in chains_of(*listed)]


def a_line_of(count: int, **options: t.Unpack[Options]) -> list[BuiltCertificate]:
    line = [a_root_ca("CA 0", **options)]
    for number in range(1, count):
        line.append(an_intermediate_of(line[-1], f"CA {number}", **options))
    return line


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The pairs of certificates whose signature was verified."""
    verified: list[tuple[str, str]] = []

    def noted_issued(certificate: Certificate, issuer: Certificate) -> bool:
        verified.append((certificate.sha256, issuer.sha256))
        return is_issued_by(certificate, issuer)

    def noted_self(certificate: Certificate) -> bool | None:
        if certificate.subject == certificate.issuer:
            verified.append((certificate.sha256, certificate.sha256))
        return is_self_signed(certificate)

    monkeypatch.setattr(chain_module, "is_issued_by", noted_issued)
    monkeypatch.setattr(chain_module, "is_self_signed", noted_self)
    return verified


# Ways to a root


def test_a_chain_counts_the_cas_from_the_root_down_in_any_order_of_the_list() -> None:
    assert lengths(DEEPER, ROOT, ISSUING) == [3, 1, 2]


def test_an_empty_list_has_no_chains() -> None:
    assert chains([], NOW) == []


def test_the_issuer_is_named_and_verified() -> None:
    _root, issuing = chains_of(ROOT, ISSUING)
    assert issuing == Chain(is_self_signed=False, named=(an_authority(ROOT),), issuers=(an_authority(ROOT),), length=2)


def test_a_root_is_one_whatever_its_flag_says() -> None:
    flagged = CertificateAuthority(Certificate.from_der(ROOT.der), is_root_authority=False)
    assert lengths(flagged, ISSUING) == [1, 2]


def test_a_ca_flagged_as_root_that_another_one_issued_is_none() -> None:
    flagged = CertificateAuthority(Certificate.from_der(ISSUING.der), is_root_authority=True)
    assert lengths(flagged, DEEPER) == [None, None]


def test_the_shortest_of_several_ways_counts() -> None:
    short_cut = an_intermediate_of(ROOT, "Example Deeper CA", key=DEEPER.private_key, now=NOW)
    below = an_intermediate_of(DEEPER, "Example Lowest CA", now=NOW)
    assert lengths(below, DEEPER, short_cut, ISSUING, ROOT) == [3, 3, 2, 2, 1]


def test_a_line_of_a_thousand_is_followed_to_its_end() -> None:
    assert lengths(*a_line_of(1000, now=NOW)) == list(range(1, 1001))


# Where a way ends


def test_a_chain_without_its_root_ends_at_the_highest_ca() -> None:
    deeper, issuing = chains_of(DEEPER, ISSUING)
    assert (issuing.named, issuing.length, issuing.ends_at) == ((), None, an_authority(ISSUING))
    assert (deeper.issuers, deeper.length, deeper.ends_at) == ((an_authority(ISSUING),), None, an_authority(ISSUING))


@pytest.mark.parametrize("validity", [PAST, TO_COME], ids=["expired", "to come"])
def test_a_way_over_a_certificate_that_is_not_valid_ends_below_it(validity: Options) -> None:
    gone = an_intermediate_of(ROOT, "Gone CA", **validity)
    left_behind = an_intermediate_of(gone, "Left Behind CA", now=NOW)
    chain = chains_of(ROOT, gone, left_behind)[2]
    assert (chain.issuers, chain.length, chain.ends_at) == ((an_authority(gone),), None, an_authority(left_behind))


def test_an_expired_root_is_no_root() -> None:
    root = a_root_ca("Old Root CA", **PAST)
    assert lengths(root, an_intermediate_of(root, now=NOW)) == [None, None]


def test_one_valid_certificate_of_the_issuer_is_enough() -> None:
    expired = an_intermediate_of(ROOT, "Renewed CA", **PAST)
    renewed = an_intermediate_of(ROOT, "Renewed CA", key=expired.private_key, now=NOW)
    child = an_intermediate_of(expired, now=NOW)
    for listed in ((ROOT, expired, renewed, child), (ROOT, renewed, expired, child)):
        chain = chains_of(*listed)[3]
        assert (chain.length, len(chain.issuers)) == (3, 2)


def test_one_certificate_of_the_issuer_that_leads_to_a_root_is_enough() -> None:
    elsewhere = a_root_ca("Root CA of Somebody Else", now=NOW)
    crossed = an_intermediate_of(elsewhere, "Crossed CA", now=NOW)
    home = an_intermediate_of(ROOT, "Crossed CA", key=crossed.private_key, now=NOW)
    child = an_intermediate_of(crossed, "Child CA", now=NOW)
    assert lengths(crossed, home, child, ROOT) == [None, 2, 3, 1]


# Circles


def test_two_cas_that_certify_each_other_are_no_way_to_a_root() -> None:
    one, other = a_root_ca("One CA", now=NOW), a_root_ca("Other CA", now=NOW)
    crossed = [
        an_intermediate_of(other, "One CA", key=one.private_key, now=NOW),
        an_intermediate_of(one, "Other CA", key=other.private_key, now=NOW),
    ]
    below = an_intermediate_of(one, "Below CA", now=NOW)
    assert [(chain.length, chain.ends_at) for chain in chains_of(*crossed, below)] == [(None, None)] * 3
    assert lengths(*crossed, below, one) == [3, 2, 2, 1]


def test_cas_that_all_certify_each_other_take_one_signature_for_each_certificate(
    verifications: list[tuple[str, str]],
) -> None:
    keys = [an_ec_key() for _unused in range(32)]
    roots = [a_root_ca(f"CA {number}", key=key, now=NOW) for number, key in enumerate(keys)]
    crossed = [
        an_intermediate_of(issuer, f"CA {number}", key=key, now=NOW)
        for issuer in roots
        for number, key in enumerate(keys)
        if key is not issuer.private_key
    ]
    assert lengths(*crossed) == [None] * len(crossed)
    assert len(verifications) == len(crossed) == 992


def test_a_name_and_key_issued_again_a_thousand_times_is_verified_once_for_each_child(
    verifications: list[tuple[str, str]],
) -> None:
    again = [an_intermediate_of(ROOT, "Again CA", key=ISSUING.private_key, now=NOW) for _unused in range(500)]
    children = [an_intermediate_of(again[0], f"Child {number} CA", now=NOW) for number in range(500)]
    assert lengths(ROOT, *again, *children) == [1, *[2] * 500, *[3] * 500]
    assert len(verifications) == 1001


def test_no_pair_is_verified_twice(verifications: list[tuple[str, str]]) -> None:
    chains_of(*a_federal_shaped_pki(146, now=NOW).certificates)
    assert len(verifications) == len(set(verifications)) <= 160


# Key identifiers and names


def test_the_key_identifier_tells_two_keys_of_one_name_apart(verifications: list[tuple[str, str]]) -> None:
    old, new = a_root_ca("Rolled Over CA", now=NOW), a_root_ca("Rolled Over CA", now=NOW)
    child = chains_of(old, new, an_intermediate_of(new, now=NOW))[2]
    assert (child.issuers, child.by_name, len(verifications)) == ((an_authority(new),), False, 3)


def test_a_new_key_certified_with_the_old_one_leads_to_the_root() -> None:
    old = a_root_ca("Rolled Over CA", now=NOW)
    rolled_over = an_intermediate_of(old, "Rolled Over CA", now=NOW)
    assert lengths(rolled_over, old, an_intermediate_of(rolled_over, now=NOW)) == [2, 1, 3]


@pytest.mark.parametrize(
    ("root", "issuing"),
    [
        (NO_KEY_IDENTIFIERS, AT),
        (AT, {**AT, "authority_key_identifier": False}),
        (NO_KEY_IDENTIFIERS, NO_KEY_IDENTIFIERS),
    ],
    ids=["issuer without", "ca without", "both without"],
)
def test_the_name_decides_where_a_key_identifier_is_missing(root: Options, issuing: Options) -> None:
    others = a_root_ca("Example Root CA", **NO_KEY_IDENTIFIERS)  # the same name again, and another key
    built = a_root_ca(**root)
    chain = chains_of(others, built, an_intermediate_of(built, **issuing))[2]
    assert (chain.issuers, chain.by_name, chain.length) == ((an_authority(built),), True, 2)


def test_an_issuer_with_another_key_identifier_is_not_the_issuer_though_it_signed() -> None:
    renumbered = a_root_ca(
        key=ROOT.private_key, extensions=[(x509.SubjectKeyIdentifier(b"another twenty octet"), False)], now=NOW
    )
    chain = chains_of(renumbered, ISSUING)[1]
    assert (chain.named, chain.length, chain.issuer_has_other_keys) == ((), None, True)


def test_a_ca_without_any_issuer_in_the_list_says_so() -> None:
    [chain] = chains_of(ISSUING)
    assert (chain.named, chain.issuer_has_other_keys) == ((), False)


def test_a_key_identifier_under_another_name_is_not_the_issuer() -> None:
    renamed = a_root_ca("Renamed Root CA", key=ROOT.private_key, now=NOW)
    chain = chains_of(renamed, ISSUING)[1]
    assert (chain.named, chain.length) == ((), None)


def test_an_impostor_is_named_and_did_not_sign() -> None:
    impostor = a_root_ca(
        extensions=[(x509.SubjectKeyIdentifier.from_public_key(ROOT.private_key.public_key()), False)], now=NOW
    )
    chain = chains_of(impostor, ISSUING)[1]
    assert (chain.named, chain.issuers, chain.length) == ((an_authority(impostor),), (), None)
    assert lengths(impostor, ISSUING, ROOT) == [1, 2, 1]


def test_a_root_with_a_damaged_signature_is_named_by_itself_and_did_not_sign(
    verifications: list[tuple[str, str]],
) -> None:
    der = ROOT.der[:-1] + bytes((ROOT.der[-1] ^ 1,))
    damaged = CertificateAuthority(Certificate.from_der(der), is_root_authority=True)
    [chain] = chains_of(damaged)
    assert (chain.is_self_signed, chain.named, chain.issuers, chain.length) == (False, (damaged,), (), None)
    assert len(verifications) == 1


def test_an_impostor_of_a_ca_that_signs_without_a_hash_did_not_sign_either() -> None:
    signer = ed25519.Ed25519PrivateKey.generate()
    builder = x509.CertificateBuilder().subject_name(a_name("Hashless CA")).issuer_name(ROOT.certificate.subject)
    builder = builder.public_key(signer.public_key()).serial_number(1)
    builder = builder.not_valid_before(NOW - dt.timedelta(days=1)).not_valid_after(NOW + dt.timedelta(days=1))
    child = BuiltCertificate(builder.sign(signer, None), ROOT.private_key)
    chain = chains_of(ROOT, child)[1]
    assert (chain.named, chain.issuers) == ((an_authority(ROOT),), ())


# The benefit of the doubt


def test_a_signature_that_cannot_be_verified_here_is_taken_to_be_right() -> None:
    assert lengths(ROOT, an_unverifiable(ISSUING)) == [1, 2]


def test_a_signature_that_can_be_verified_goes_before_one_that_cannot() -> None:
    impostor = a_root_ca(
        extensions=[(x509.SubjectKeyIdentifier.from_public_key(ROOT.private_key.public_key()), False)], now=NOW
    )
    chain = chains_of(impostor, ROOT, an_unverifiable(ISSUING))[2]
    assert len(chain.issuers) == 2
    assert len(chains_of(impostor, ROOT, ISSUING)[2].issuers) == 1


def test_a_root_whose_own_signature_cannot_be_verified_here_is_a_root() -> None:
    root = an_unverifiable(ROOT)
    assert [(chain.is_self_signed, chain.length) for chain in chains_of(root, ISSUING)] == [(None, 1), (False, 2)]


def test_an_unreadable_certificate_is_the_issuer_of_what_names_the_key_that_graph_reports() -> None:
    key_identifier = Certificate.from_der(ROOT.der).subject_key_identifier or ""
    pairs = [key_identifier[at : at + 2] for at in range(0, len(key_identifier), 2)]
    for written in (key_identifier, key_identifier.lower(), ":".join(pairs), " ".join(pairs)):
        assert lengths(an_unreadable(written), ISSUING) == [1, 2]
    assert lengths(an_unreadable("00"), ISSUING) == [1, None]
    assert lengths(an_unreadable(None), ISSUING) == [1, None]
    assert lengths(an_unreadable(key_identifier), an_unreadable(key_identifier), ISSUING) == [1, 1, 2]


# Entries and validity


def test_a_certificate_that_is_there_twice_has_two_chains() -> None:
    assert lengths(ISSUING, ROOT, ISSUING, ROOT) == [2, 1, 2, 1]


def test_a_ca_that_is_not_valid_has_no_chain() -> None:
    assert chains_of(ROOT, an_intermediate_of(ROOT, "Gone CA", **PAST))[1] == Chain(is_self_signed=False)


def test_a_certificate_is_valid_from_its_first_second_to_its_last() -> None:
    certificate = Certificate.from_der(a_root_ca(now=NOW, not_before=0, not_after=1).der)
    moments = [NOW - dt.timedelta(seconds=1), NOW, NOW + dt.timedelta(hours=23), NOW + dt.timedelta(days=1)]
    assert [is_valid(certificate, moment) for moment in moments] == [False, True, True, False]


def test_a_federation_leads_to_its_root_but_for_the_expired_and_their_orphans() -> None:
    pki = a_federal_shaped_pki(146, now=NOW)
    found = chains_of(*pki.certificates)
    without = {each.sha256 for each, chain in zip(pki.certificates, found, strict=True) if chain.length is None}
    assert without == {each.sha256 for each in (*pki.expired, *pki.orphans)}
    roots = [each for each, chain in zip(pki.certificates, found, strict=True) if chain.is_self_signed]
    assert [each.certificate.subject for each in roots] == [a_name("Federation Root CA")]
