# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands against the revocation lists that the CAs of a trust store publish: pure rules over what was fetched.

This module util is private to the collection.
"""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass
from datetime import timedelta

from ansible_collections.entra.cba.plugins.module_utils._pki import rules
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import public_key_info
from ansible_collections.entra.cba.plugins.module_utils._pki.checks import scheme_of
from ansible_collections.entra.cba.plugins.module_utils._pki.crl import (
    CertificateRevocationList,
    MalformedList,
    is_signed_by,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.findings import Finding

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority
    from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate

_MEBIBYTE = 1024 * 1024
_WEAK_HASHES = ("md5", "sha1")

# How long a list may live. The service's documents advise days to weeks for a complete list and a day for a delta; a CA
# that certifies CAs is often kept offline and publishes once a year. To each some days are added, since a list overlaps
# with the next one.
_LONGEST_LIFE = timedelta(days=35)
_LONGEST_LIFE_ABOVE_CAS = timedelta(days=400)
_LONGEST_LIFE_OF_DELTA = timedelta(days=8)
_SHORTEST_LIFE = timedelta(days=1)
_SHORTEST_LIFE_OF_DELTA = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CrlLimits:
    """What the service takes: octets while somebody waits to sign in, octets in the background, seconds for either."""

    interactive: int
    background: int
    seconds: float = 10


# Source: Microsoft Entra, "Certificate revocation list". For the background of the global cloud it has 45 and 65 MB in
# two places; the lower one is safe. Of China it says nothing.
_GLOBAL = CrlLimits(interactive=20 * _MEBIBYTE, background=45 * _MEBIBYTE)
_US_GOVERNMENT = CrlLimits(interactive=45 * _MEBIBYTE, background=150 * _MEBIBYTE)


def limits_of(cloud: str) -> CrlLimits:
    """Return the limits of a cloud by the name that _identity.clouds gives it."""
    return _US_GOVERNMENT if cloud.startswith("us_government") else _GLOBAL


class Fetched(t.Protocol):
    """What came of asking for one URL, as _http.download tells it."""

    @property
    def url(self) -> str: ...
    @property
    def final_url(self) -> str: ...
    @property
    def seconds(self) -> float: ...
    @property
    def status(self) -> int | None: ...
    @property
    def size(self) -> int: ...
    @property
    def failure(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def through_proxy(self) -> bool: ...
    @property
    def content(self) -> memoryview | None: ...


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published at one URL: how it was fetched, and the list without its entries.

    Without a `crl`, `failure` or `unreadable` says why. `signers` are the CAs of the trust store, by SHA-256, that
    verifiably signed the list; of the `unverified` ones that cannot be told here.
    """

    url: str
    final_url: str
    seconds: float
    status: int | None
    size: int
    failure: str | None
    reason: str
    through_proxy: bool
    crl: CertificateRevocationList | None = None
    unreadable: str | None = None
    signers: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()

    def as_result(self) -> dict[str, object]:
        """Return the publication as a module's result shows it; numbers of lists are longer than JSON's."""
        crl = self.crl
        return {
            "url": self.url,
            "final_url": self.final_url,
            "status": self.status,
            "size": self.size,
            "seconds": round(self.seconds, 3),
            "failure": self.failure,
            "reason": self.reason or self.unreadable or "",
            "through_proxy": self.through_proxy,
            "issuer": crl.issuer if crl else None,
            "this_update": _iso8601(crl.this_update if crl else None),
            "next_update": _iso8601(crl.next_update if crl else None),
            "number": _decimal(crl.number if crl else None),
            "base_number": _decimal(crl.base_number if crl else None),
            "authority_key_identifier": crl.authority_key_identifier if crl else None,
            "signers": list(self.signers),
        }


def read_publication(download: Fetched, authorities: Sequence[CertificateAuthority]) -> Publication:
    """Read what was fetched and find out which CAs signed it. Nothing of the content is kept."""
    crl, unreadable = None, None
    signers: list[str] = []
    unverified: list[str] = []
    if download.failure is None and download.content is not None:
        try:
            crl = CertificateRevocationList.from_der(download.content)
        except MalformedList as error:
            unreadable = str(error)
        else:
            of_key: dict[bytes, bool | None] = {}  # several certificates of one CA have one key: hash 45 MB once
            for authority in authorities:
                certificate = authority.certificate
                if _may_belong(crl, certificate):
                    key = public_key_info(certificate)
                    if key not in of_key:
                        of_key[key] = is_signed_by(crl, download.content, certificate)
                    if of_key[key] is not False:
                        (signers if of_key[key] else unverified).append(authority.sha256)
    return Publication(
        url=download.url,
        final_url=download.final_url,
        seconds=download.seconds,
        status=download.status,
        size=download.size,
        failure=download.failure,
        reason=download.reason,
        through_proxy=download.through_proxy,
        crl=crl,
        unreadable=unreadable,
        signers=tuple(dict.fromkeys(signers)),
        unverified=tuple(dict.fromkeys(unverified)),
    )


def check_publications(
    authorities: Sequence[CertificateAuthority],
    publications: Mapping[str, Publication],
    now: datetime,
    limits: CrlLimits,
    *,
    expires_within_hours: float | None = None,
) -> list[Finding]:
    """Return what stands against the lists at `now`; errors first, then by subject and code.

    Of a URL that is not in `publications` nothing is said. `expires_within_hours` are those before the end of a list;
    a list in the first half of its life is never near its end, so that one replaced each day can be asked for a week.
    """
    check = _Check(authorities, publications, now, limits, expires_within_hours)
    return sorted(check.findings(), key=lambda finding: finding.order)


class _Check:
    def __init__(
        self,
        authorities: Sequence[CertificateAuthority],
        publications: Mapping[str, Publication],
        now: datetime,
        limits: CrlLimits,
        expires_within_hours: float | None,
    ) -> None:
        self._authorities = authorities
        self._publications = publications
        self._now = now
        self._limits = limits
        self._expires_within_hours = expires_within_hours
        self._issuers_of_cas = {
            certificate.issuer
            for certificate in (authority.certificate for authority in authorities)
            if certificate.issuer != certificate.subject
        }

    def findings(self) -> Iterator[Finding]:
        some_have_lists = any(authority.certificate_revocation_list_url for authority in self._authorities)
        for authority in self._authorities:
            base_url = authority.certificate_revocation_list_url
            delta_url = authority.delta_certificate_revocation_list_url
            base = self._publications.get(base_url or "")
            delta = self._publications.get(delta_url or "")
            if base:
                yield from self._on_publication(authority, base, _List(base.url, is_delta=False))
            if delta:
                yield from self._on_publication(authority, delta, _List(delta.url, is_delta=True))
            yield from self._on_pair(authority, base, delta)
            if not base_url and not delta_url and some_have_lists:
                yield Finding.on(authority, rules.CRL_MISSING, "has no revocation list, while other CAs here have one")
            if (base_url or delta_url) and authority.certificate.crl_sign is False:
                message = "has a revocation list, but may not sign one: its key usage has no cRLSign"
                yield Finding.on(authority, rules.CRL_NO_CRL_SIGN, message)

    def _on_publication(self, authority: CertificateAuthority, found: Publication, its: _List) -> Iterator[Finding]:
        if found.failure is not None:
            yield from self._on_failure(authority, found, its)
            return
        yield from self._on_transfer(authority, found, its)
        if found.unreadable is not None:
            yield Finding.on(authority, rules.CRL_NOT_DER, f"has a {its} that {found.unreadable}")
        if found.crl is not None:
            if (found.crl.base_number is not None) != its.is_delta:
                what = "a complete list and no delta" if its.is_delta else "a delta and no complete list"
                yield Finding.on(authority, rules.CRL_UNEXPECTED_DELTA, f"has a {its} that is {what}")
            yield from self._on_signer(authority, found, found.crl, its)
            yield from self._on_validity(authority, found.crl, its)
            yield from self._on_contents(authority, found.crl, its)

    def _on_failure(self, authority: CertificateAuthority, found: Publication, its: _List) -> Iterator[Finding]:
        if found.failure == "refused_scheme" and scheme_of(found.url) not in {"http", "https"}:
            return  # preflight has said so of the address
        if found.failure == "too_large":
            most = _size(self._limits.background)
            message = f"has a {its} of at least {_size(found.size)}; the service takes {most} at most"
            yield Finding.on(authority, rules.CRL_TOO_LARGE, message)
            return
        rule, fault = {
            "status": (rules.CRL_HTTP_ERROR, f"is answered with status {found.status}"),
            "timeout": (rules.CRL_TIMEOUT, f"was not there after {found.seconds:.1f} seconds"),
            "refused_address": (rules.CRL_ADDRESS_REFUSED, "is at an address that the internet does not reach"),
        }.get(found.failure or "", (rules.CRL_UNREACHABLE, "cannot be fetched"))
        reason = f": {found.reason}" if found.reason else ""
        yield Finding.on(authority, rule, f"has a {its} that {fault}{reason}")

    def _on_transfer(self, authority: CertificateAuthority, found: Publication, its: _List) -> Iterator[Finding]:
        limits = self._limits
        if found.size > limits.background:
            message = f"has a {its} of {_size(found.size)}; the service takes {_size(limits.background)} at most"
            yield Finding.on(authority, rules.CRL_TOO_LARGE, message)
        elif found.size > limits.interactive:
            message = f"has a {its} of {_size(found.size)}, more than the {_size(limits.interactive)} during a sign-in"
            yield Finding.on(authority, rules.CRL_LARGE, message)
        if found.seconds > limits.seconds:
            message = f"has a {its} that took {found.seconds:.1f} seconds to fetch"
            yield Finding.on(authority, rules.CRL_TIMEOUT, message)
        if found.final_url != found.url:
            message = f"has a {its} that is redirected to {found.final_url}"
            yield Finding.on(authority, rules.CRL_REDIRECTED, message)
        if found.through_proxy:
            message = f"has a {its} that was reached through the proxy only, and not directly"
            yield Finding.on(authority, rules.CRL_ONLY_THROUGH_PROXY, message)

    def _on_signer(
        self, authority: CertificateAuthority, found: Publication, crl: CertificateRevocationList, its: _List
    ) -> Iterator[Finding]:
        certificate = authority.certificate
        if certificate.unreadable is not None:
            return
        key, own_key = crl.authority_key_identifier, certificate.subject_key_identifier
        if key is None:
            message = f"has a {its} without an authority key identifier"
            yield Finding.on(authority, rules.CRL_NO_KEY_IDENTIFIER, message)
        signed = authority.sha256 in found.signers
        other_key = key is not None and own_key is not None and key != own_key
        if other_key or not _is_one_name(crl.issuer, certificate.subject):
            owner = self._owner(found, crl)
            if signed and other_key:
                whose = f"names the key {key} as its signer, while the key identifier of this CA is {own_key}"
            elif signed:
                whose = f"names {crl.issuer or 'nobody'} as its issuer, while it was signed with the key of this CA"
            elif owner:
                whose = f"is that of {owner}"
            else:
                named = f" with the key {key}" if key else ""
                whose = f"is that of a CA that is not in the list: {crl.issuer or 'one without a name'}{named}"
            yield Finding.on(authority, rules.CRL_WRONG_AUTHORITY, f"has a {its} that {whose}")
        elif not signed and authority.sha256 not in found.unverified:
            message = f"has a {its} that names this CA, whose key did not sign it"
            yield Finding.on(authority, rules.CRL_SIGNATURE_WRONG, message)

    def _owner(self, found: Publication, crl: CertificateRevocationList) -> Certificate | None:
        """Return the CA here that a list belongs to: one that signed it, else one with its name and key identifier."""
        certificates = [authority.certificate for authority in self._authorities]
        signers = [each for each in certificates if each.sha256 in found.signers]
        key = crl.authority_key_identifier
        named = [
            each
            for each in certificates
            if _is_one_name(each.subject, crl.issuer) and (key is None or each.subject_key_identifier == key)
        ]
        return next(iter((*signers, *named)), None)

    def _on_validity(
        self, authority: CertificateAuthority, crl: CertificateRevocationList, its: _List
    ) -> Iterator[Finding]:
        begin, end = crl.this_update, crl.next_update
        if begin > self._now:
            message = f"has a {its} that is not valid before {begin:%Y-%m-%d %H:%M} UTC"
            yield Finding.on(authority, rules.CRL_NOT_YET_VALID, message)
        if end is None:
            message = f"has a {its} that does not say when the next one comes"
            yield Finding.on(authority, rules.CRL_NO_NEXT_UPDATE, message)
            return
        life, left = end - begin, end - self._now
        if left <= timedelta(0):
            message = f"has a {its} that expired on {end:%Y-%m-%d %H:%M} UTC"
            yield Finding.on(authority, rules.CRL_EXPIRED, message)
            return
        hours = left / timedelta(hours=1)
        if self._expires_within_hours is not None and hours <= self._expires_within_hours and left <= life / 2:
            message = f"has a {its} that expires on {end:%Y-%m-%d %H:%M} UTC, in {_duration(left)}"
            yield Finding.on(authority, rules.CRL_EXPIRES_SOON, message)
        shortest, longest = self._bounds(authority, its)
        if life > longest:
            message = f"has a {its} that is valid for {_duration(life)}, longer than {_duration(longest)}"
            yield Finding.on(authority, rules.CRL_LIFETIME_LONG, message)
        elif life < shortest:
            message = f"has a {its} that is valid for {_duration(life)}, shorter than {_duration(shortest)}"
            yield Finding.on(authority, rules.CRL_LIFETIME_SHORT, message)

    def _bounds(self, authority: CertificateAuthority, its: _List) -> tuple[timedelta, timedelta]:
        if its.is_delta:
            return _SHORTEST_LIFE_OF_DELTA, _LONGEST_LIFE_OF_DELTA
        above = authority.certificate.subject in self._issuers_of_cas
        return _SHORTEST_LIFE, _LONGEST_LIFE_ABOVE_CAS if above else _LONGEST_LIFE

    @staticmethod
    def _on_contents(authority: CertificateAuthority, crl: CertificateRevocationList, its: _List) -> Iterator[Finding]:
        if crl.number is None:
            yield Finding.on(authority, rules.CRL_NO_NUMBER, f"has a {its} without a number")
        if crl.is_indirect:
            message = f"has a {its} that is indirect: it may hold what other CAs revoked"
            yield Finding.on(authority, rules.CRL_INDIRECT, message)
        if crl.limited_to:
            message = f"has a {its} that is limited to {' and '.join(crl.limited_to)}"
            yield Finding.on(authority, rules.CRL_PARTITIONED, message)
        if crl.unknown_critical:
            message = f"has a {its} with critical extensions beyond RFC 5280: {', '.join(crl.unknown_critical)}"
            yield Finding.on(authority, rules.CRL_UNKNOWN_CRITICAL, message)
        if crl.hash_algorithm in _WEAK_HASHES:
            message = f"has a {its} that was signed with {crl.hash_algorithm.upper()}"
            yield Finding.on(authority, rules.CRL_WEAK_SIGNATURE, message)

    @staticmethod
    def _on_pair(
        authority: CertificateAuthority, base: Publication | None, delta: Publication | None
    ) -> Iterator[Finding]:
        complete, change = base.crl if base else None, delta.crl if delta else None
        if complete and complete.freshest_urls and not authority.delta_certificate_revocation_list_url:
            message = f"has a revocation list that names a delta list at {complete.freshest_urls[0]}, which is not set"
            yield Finding.on(authority, rules.CRL_FRESHEST_NOT_CONFIGURED, message)
        if (
            complete
            and change
            and complete.number is not None
            and change.base_number is not None
            and complete.base_number is None
            and complete.number < change.base_number
        ):
            message = (
                f"has a delta revocation list to the complete list {change.base_number}, while the one that is "
                f"published has the number {complete.number}"
            )
            yield Finding.on(authority, rules.CRL_DELTA_BASE_MISMATCH, message)


class _List(t.NamedTuple):
    """Which list of a CA is spoken of; in text with its address."""

    url: str
    is_delta: bool

    def __str__(self) -> str:
        return f"{'delta ' if self.is_delta else ''}revocation list at {self.url}"


def _may_belong(crl: CertificateRevocationList, certificate: Certificate) -> bool:
    """Tell whether a list names a CA as its issuer, by key identifier or by name."""
    key = crl.authority_key_identifier
    return certificate.unreadable is None and (
        _is_one_name(certificate.subject, crl.issuer) or (key is not None and key == certificate.subject_key_identifier)
    )


def _is_one_name(one: str, other: str) -> bool:
    """Compare distinguished names without regard to case and runs of blanks (RFC 5280, section 7.1)."""
    return one == other or one.casefold().split() == other.casefold().split()


def _size(octets: int) -> str:
    return f"{math.ceil(10 * octets / _MEBIBYTE) / 10:g} MB"


def _duration(length: timedelta) -> str:
    hours = length // timedelta(hours=1)
    if abs(hours) < 48:
        return f"{hours} hour{'s' * (hours != 1)}"
    return f"{length.days} days"


def _iso8601(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _decimal(number: int | None) -> str | None:
    return None if number is None else str(number)
