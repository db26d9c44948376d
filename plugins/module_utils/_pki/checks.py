# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands against a list of certificate authorities, before it is written: pure rules.

This module util is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from collections import defaultdict
from datetime import timedelta
from urllib.parse import urlsplit

from ansible_collections.entra.cba.plugins.module_utils._dependencies import UnsupportedAlgorithm, ec, rsa
from ansible_collections.entra.cba.plugins.module_utils._pki import ber, rules
from ansible_collections.entra.cba.plugins.module_utils._pki.chain import chains, is_valid
from ansible_collections.entra.cba.plugins.module_utils._pki.findings import Finding

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority
    from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate
    from ansible_collections.entra.cba.plugins.module_utils._pki.chain import Chain

_LONGEST_CHAIN = 10  # CAs, from the issuer of the user's certificate up to the root
_LEAST_RSA_BITS = 2048
_LEAST_CURVE_BITS = 224
_WEAK_HASHES = ("md5", "sha1")

# The extensions of RFC 5280, section 4.2, below id-ce (2.5.29), and the two below id-pe.
_ID_CE = bytes((0x55, 0x1D))
_KNOWN_ID_CE = bytes((9, 14, 15, 17, 18, 19, 30, 31, 32, 33, 35, 36, 37, 46, 54))
_KNOWN_EXTENSIONS = {_ID_CE + bytes((each,)) for each in _KNOWN_ID_CE} | {
    bytes.fromhex("2b06010505070101"),  # authorityInfoAccess
    bytes.fromhex("2b0601050507010b"),  # subjectInfoAccess
}
# `critical TRUE` and the tag of the value, without a known identifier before them. To walk the outline of each
# certificate takes longer than all other rules; where the DER has no match there is nothing to walk for.
_CRITICAL = rb"\x01\x01\xff\x04"
_PERHAPS_UNKNOWN = re.compile(
    _CRITICAL + rb"(?<!\x06\x03" + _ID_CE + b"[" + re.escape(_KNOWN_ID_CE) + b"]" + _CRITICAL + b")"
)


def preflight(
    authorities: Iterable[CertificateAuthority], now: datetime, *, expires_within: int | None = None
) -> list[Finding]:
    """Return what stands against a list that would be in force at `now`; errors first, then by subject and code.

    `expires_within` are days; without it a CA that is near its end is no finding.
    """
    listed = list(authorities)
    found = [*_on_list(listed)]
    for authority, chain in zip(listed, chains(listed, now), strict=True):
        found += _on_address(authority)
        if authority.certificate.unreadable is not None:
            found.append(Finding.on(authority, rules.UNREADABLE, f"cannot be read: {authority.certificate.unreadable}"))
        else:
            found += _on_certificate(authority, chain, now, expires_within)
            found += _on_chain(authority, chain, now)
    return sorted(found, key=lambda finding: finding.order)


def is_expired(authority: CertificateAuthority, now: datetime) -> bool:
    """Tell whether a CA's time is over; one whose certificate cannot be read is not called expired."""
    not_after = authority.certificate.not_after
    return not_after is not None and not_after <= now


def _on_list(authorities: Sequence[CertificateAuthority]) -> Iterator[Finding]:
    seen: set[str] = set()
    users: dict[str, list[CertificateAuthority]] = defaultdict(list)
    for authority in authorities:
        if authority.sha256 in seen:
            yield Finding.on(authority, rules.DUPLICATE, "is in the list more than once")
        seen.add(authority.sha256)
        for url in _urls(authority):
            users[url].append(authority)
    for url, sharing in users.items():
        # Certificates of one name and key are one CA, which signs one list.
        signers = {_signer(authority): authority.certificate for authority in sharing}
        for authority in sharing if len(signers) > 1 else ():
            others = [certificate for signer, certificate in signers.items() if signer != _signer(authority)]
            yield Finding.on(authority, rules.URL_SHARED, f"has the same revocation list, {url}, as {others[0]}")


def _on_certificate(
    authority: CertificateAuthority, chain: Chain, now: datetime, expires_within: int | None
) -> Iterator[Finding]:
    certificate = authority.certificate
    if not certificate.is_ca:
        yield Finding.on(authority, rules.NOT_A_CA, "is no CA certificate: its basic constraints do not say cA")
    elif certificate.key_cert_sign is False:
        yield Finding.on(
            authority, rules.NO_KEY_CERT_SIGN, "may not sign certificates: its key usage has no keyCertSign"
        )
    yield from _on_validity(authority, now, expires_within)
    if chain.is_self_signed is not None and chain.is_self_signed != authority.is_root_authority:
        found, flag = ("is self-signed", "false") if chain.is_self_signed else ("is not self-signed", "true")
        yield Finding.on(authority, rules.FLAG_CONTRADICTS, f"{found}, but its is_root_authority is {flag}")
    weakness = _weakness_of_key(certificate)
    if weakness:
        yield Finding.on(authority, rules.WEAK_KEY, f"has a weak key: {weakness}")
    algorithm = _hash_of_signature(certificate)
    if algorithm in _WEAK_HASHES and chain.is_self_signed is False:
        yield Finding.on(authority, rules.WEAK_SIGNATURE, f"was signed with {algorithm.upper()}")
    unknown = _unknown_critical_extensions(certificate)
    if unknown:
        yield Finding.on(
            authority, rules.UNKNOWN_CRITICAL, f"has critical extensions beyond RFC 5280: {', '.join(unknown)}"
        )


def _on_validity(authority: CertificateAuthority, now: datetime, expires_within: int | None) -> Iterator[Finding]:
    not_before, not_after = authority.certificate.not_before, authority.certificate.not_after
    if not_before is None or not_after is None:
        return
    if not_after <= now:
        yield Finding.on(
            authority,
            rules.EXPIRED,
            f"expired on {not_after:%Y-%m-%d}; the service refuses every list with an expired CA",
        )
    elif now < not_before:
        yield Finding.on(authority, rules.NOT_YET_VALID, f"is not valid before {not_before:%Y-%m-%d %H:%M} UTC")
    elif expires_within is not None and (not_after - now) / timedelta(days=1) <= expires_within:
        yield Finding.on(
            authority, rules.EXPIRES_SOON, f"expires on {not_after:%Y-%m-%d}, in {_days((not_after - now).days)}"
        )


def _on_chain(authority: CertificateAuthority, chain: Chain, now: datetime) -> Iterator[Finding]:
    certificate = authority.certificate
    if not certificate.is_ca or not is_valid(certificate, now):
        return  # said already, and none of its users could sign in anyway
    if chain.length is None:
        yield _broken(authority, chain, now)
    elif chain.length > _LONGEST_CHAIN:
        yield Finding.on(authority, rules.TOO_LONG, f"is {chain.length - 1} steps below its root: {chain.length} CAs")
    if chain.issuers and chain.by_name:
        yield Finding.on(
            authority,
            rules.NO_KEY_IDENTIFIER,
            f"is tied to its issuer {certificate.issuer} by name only: a key identifier is missing",
        )


def _broken(authority: CertificateAuthority, chain: Chain, now: datetime) -> Finding:
    """Say why no way over valid certificates leads from a CA to a root."""
    issuer, key = authority.certificate.issuer, authority.certificate.authority_key_identifier
    if not chain.named:
        missing = f"with the key {key}; those of that name here have others" if chain.issuer_has_other_keys else ""
        return Finding.on(authority, rules.ISSUER_MISSING, f"lacks its issuer in the list: {issuer} {missing}".rstrip())
    if not chain.issuers:
        return Finding.on(
            authority, rules.SIGNATURE_WRONG, f"names {chain.named[0].certificate} as its issuer, which did not sign it"
        )
    if not any(is_valid(each.certificate, now) for each in chain.issuers):
        return Finding.on(authority, rules.ISSUER_NOT_VALID, f"has an issuer that {_invalidity(chain.issuers, now)}")
    if chain.ends_at is not None:
        return Finding.on(authority, rules.INCOMPLETE, f"has a chain that ends at {chain.ends_at.certificate}")
    return Finding.on(authority, rules.NO_ROOT, "has issuers that certify one another, and no root among them")


def _invalidity(issuers: Sequence[CertificateAuthority], now: datetime) -> str:
    """Say of certificates, none of them valid now, what is nearest to be: one to come, or else the last to end."""
    to_come = [
        each.certificate for each in issuers if each.certificate.not_before and each.certificate.not_before > now
    ]
    ended = [each.certificate for each in issuers if each.certificate.not_after]
    if to_come:
        nearest = min(to_come, key=lambda certificate: certificate.not_before or now)
        return f"is not valid before {nearest.not_before:%Y-%m-%d}: {nearest}"
    last = max(ended, key=lambda certificate: certificate.not_after or now)
    return f"expired on {last.not_after:%Y-%m-%d}: {last}"


def _on_address(authority: CertificateAuthority) -> Iterator[Finding]:
    certificate = authority.certificate
    for url in _urls(authority):
        scheme = scheme_of(url)
        if scheme == "https":
            yield Finding.on(authority, rules.URL_HTTPS, f"has its revocation list at {url}")
        elif scheme != "http":
            yield Finding.on(authority, rules.URL_NOT_HTTP, f"has a revocation list at {url}, which is no http address")
    if authority.delta_certificate_revocation_list_url and not authority.certificate_revocation_list_url:
        yield Finding.on(authority, rules.DELTA_WITHOUT_BASE, "has a delta revocation list, but no base list")
    if _urls(authority) and certificate.unreadable is None and certificate.subject_key_identifier is None:
        yield Finding.on(
            authority,
            rules.NO_SUBJECT_KEY_IDENTIFIER,
            "has a revocation list, but no subject key identifier by which the list could name it",
        )


def _urls(authority: CertificateAuthority) -> list[str]:
    """Return the one or two different addresses at which a CA publishes what it revoked."""
    urls = (authority.certificate_revocation_list_url, authority.delta_certificate_revocation_list_url)
    return [url for url in dict.fromkeys(urls) if url]


def scheme_of(url: str) -> str | None:
    """Return the scheme of an address in lower case; None where it names no host or is no address at all."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts.scheme if usable and not any(character.isspace() for character in url) else None


def _signer(authority: CertificateAuthority) -> tuple[str, str | None]:
    return authority.certificate.subject, authority.certificate.subject_key_identifier


def _weakness_of_key(certificate: Certificate) -> str | None:
    try:
        key = certificate.parsed.public_key() if certificate.parsed else None
    except (ValueError, UnsupportedAlgorithm):
        return None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        return f"RSA with {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _LEAST_CURVE_BITS:
        return f"the elliptic curve {key.curve.name} with {key.key_size} bits"
    return None


def _hash_of_signature(certificate: Certificate) -> str | None:
    try:
        algorithm = certificate.parsed.signature_hash_algorithm if certificate.parsed else None
    except (ValueError, UnsupportedAlgorithm):
        return None
    return algorithm.name if algorithm else None


def _unknown_critical_extensions(certificate: Certificate) -> list[str]:
    """Return the object identifiers of critical extensions that RFC 5280 does not define."""
    if certificate.parsed is None or not _PERHAPS_UNKNOWN.search(certificate.der):
        return []
    return [
        ber.dotted(identifier.content)
        for wrapped in ber.children(ber.read(certificate.parsed.tbs_certificate_bytes))
        if wrapped.tag == ber.CONTEXT_3
        for extension in ber.children(next(ber.children(wrapped)))
        for identifier, critical, *_value in [tuple(ber.children(extension))]
        if critical.tag == ber.BOOLEAN and any(critical.content) and identifier.content not in _KNOWN_EXTENSIONS
    ]


def _days(count: int) -> str:
    return "less than a day" if count < 1 else "1 day" if count == 1 else f"{count} days"
