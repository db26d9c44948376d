# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who issued whom in a list of certificate authorities, and which of them lead to a root.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t
from collections import defaultdict, deque
from dataclasses import dataclass, field

from ansible_collections.entra.cba.plugins.module_utils._dependencies import (
    UnsupportedAlgorithm,
    ec,
    ed448,
    ed25519,
    rsa,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import (
    is_issued_by,
    is_self_signed,
    public_key_info,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority
    from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Chain:
    """Where one CA stands in its list.

    `is_self_signed` is what certificate.is_self_signed says. `named` are the CAs that it names as its issuer, by key
    identifier, or by name where one of the two has none (`by_name`); `issuers` are those of them that signed it, with
    any whose signature cannot be verified here. Where `named` is empty, `issuer_has_other_keys` says that the list has
    its issuer's name with other key identifiers.

    `length` is the number of CAs on the shortest way up to a root, both included, over certificates that are valid;
    None if there is no such way. Then `ends_at` is the CA where the way ends, which can be this one; None where it
    leads round and round, and for a CA that is not valid itself: of such a one nothing but `is_self_signed` is told.
    """

    is_self_signed: bool | None
    named: tuple[CertificateAuthority, ...] = ()
    issuers: tuple[CertificateAuthority, ...] = ()
    by_name: bool = False
    issuer_has_other_keys: bool = False
    length: int | None = None
    ends_at: CertificateAuthority | None = None


def is_valid(certificate: Certificate, now: datetime) -> bool:
    """Tell whether `now` is within the validity of a certificate; one that cannot be read counts as valid."""
    if certificate.not_before is None or certificate.not_after is None:
        return True
    return certificate.not_before <= now < certificate.not_after


def chains(authorities: Sequence[CertificateAuthority], now: datetime) -> list[Chain]:
    """Return the chain of each CA, in the order of the list.

    A CA whose signature is beyond what is installed here, or whose certificate cannot be read, gets the benefit of the
    doubt: it counts as a root where it may be one, and as the issuer of what names it.

    Signatures are the cost: one or two for each CA. One is verified once for each name and key, however many
    certificates the list has of them, as lists of cross-certificates do.
    """
    return _List(authorities, now).chains()


@dataclass(slots=True, eq=False)
class _Signer:
    """A name and a key, which is what issues certificates; the list may have several certificates of it."""

    members: list[int] = field(default_factory=list)
    issued: list[int] = field(default_factory=list)


class _Issuers(t.NamedTuple):
    named: list[_Signer]
    verified: list[_Signer]


class _List:
    """The CAs of one list, which are known here by their positions, since an entry can be there twice."""

    def __init__(self, authorities: Sequence[CertificateAuthority], now: datetime) -> None:
        self._authorities = authorities
        self._valid = [is_valid(authority.certificate, now) for authority in authorities]
        self._self_signed = [is_self_signed(authority.certificate) for authority in authorities]
        self._signer_at: dict[int, _Signer] = {}
        self._signers_of_subject: dict[str | None, list[_Signer]] = defaultdict(list)
        self._signers: dict[tuple[str | None, str | None], list[_Signer]] = {}
        self._group()

    def chains(self) -> list[Chain]:
        issuers: dict[int, _Issuers] = {}
        for position, authority in enumerate(self._authorities):
            if self._valid[position] and self._self_signed[position] is False:
                issuers[position] = self._issuers_of(position, authority.certificate)
                for signer in issuers[position].verified:
                    signer.issued.append(position)

        valid = [position for position, is_so in enumerate(self._valid) if is_so]
        whole = self._below(position for position in valid if position not in issuers)
        broken = self._below(
            position
            for position in valid
            if position not in whole
            and not any(self._valid[member] for signer in issuers[position].verified for member in signer.members)
        )
        return [self._chain(position, issuers.get(position), whole, broken) for position in range(len(self._valid))]

    def _group(self) -> None:
        """Find the signers: certificates with one subject, one key identifier and one key."""
        alike: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
        for position, authority in enumerate(self._authorities):
            alike[_identifiers(authority)].append(position)
        for identifiers, positions in alike.items():
            of_key: dict[bytes, _Signer] = defaultdict(_Signer)
            for position in positions:
                key = b"" if len(positions) == 1 else public_key_info(self._authorities[position].certificate)
                of_key[key].members.append(position)
                self._signer_at[position] = of_key[key]
            self._signers[identifiers] = list(of_key.values())
            self._signers_of_subject[identifiers[0]] += of_key.values()

    def _issuers_of(self, position: int, certificate: Certificate) -> _Issuers:
        """Look for the issuer as the service does, by key identifier (RFC 5280, section 4.2.1.1), then verify."""
        name, key_identifier = certificate.issuer, certificate.authority_key_identifier
        if key_identifier is None:
            named = self._signers_of_subject.get(name, [])
        else:
            ways = ((name, key_identifier), (name, None), (None, key_identifier))
            named = [signer for way in ways for signer in self._signers.get(way, ())]
        unverifiable = []
        for signer in named:
            if signer is self._signer_at[position]:
                continue  # with its own key it did not sign itself, which is known already
            issuer = self._authorities[signer.members[0]].certificate
            if is_issued_by(certificate, issuer):
                return _Issuers(named, [signer])
            if not _is_verifiable(certificate, issuer):
                unverifiable.append(signer)
        return _Issuers(named, unverifiable)

    def _below(self, starts: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Return all that the starts issued, directly or not: the number of steps, and the start that is nearest."""
        found = {start: (1, start) for start in starts}
        queue = deque(found)
        passed: set[_Signer] = set()
        while queue:
            position = queue.popleft()
            steps, start = found[position]
            signer = self._signer_at[position]
            if signer not in passed:
                passed.add(signer)
                for issued in signer.issued:
                    if issued not in found:
                        found[issued] = (steps + 1, start)
                        queue.append(issued)
        return found

    def _chain(
        self,
        position: int,
        issuers: _Issuers | None,
        whole: dict[int, tuple[int, int]],
        broken: dict[int, tuple[int, int]],
    ) -> Chain:
        certificate = self._authorities[position].certificate
        length, _root = whole.get(position, (None, None))
        _steps, end = broken.get(position, (None, None))
        if issuers is None:
            return Chain(is_self_signed=self._self_signed[position], length=length)
        verified = self._members(issuers.verified)
        return Chain(
            is_self_signed=False,
            named=self._members(issuers.named),
            issuers=verified,
            by_name=certificate.authority_key_identifier is None
            or any(_identifiers(issuer)[1] is None for issuer in verified),
            issuer_has_other_keys=not issuers.named and certificate.issuer in self._signers_of_subject,
            length=length,
            ends_at=None if end is None else self._authorities[end],
        )

    def _members(self, signers: list[_Signer]) -> tuple[CertificateAuthority, ...]:
        return tuple(self._authorities[position] for signer in signers for position in signer.members)


def _identifiers(authority: CertificateAuthority) -> tuple[str | None, str | None]:
    """Return subject and subject key identifier; of a certificate that cannot be read Graph knows the latter."""
    certificate = authority.certificate
    if certificate.unreadable is None:
        return certificate.subject, certificate.subject_key_identifier
    return None, (authority.issuer_ski or "").replace(":", "").replace(" ", "").upper() or None


def _is_verifiable(certificate: Certificate, issuer: Certificate) -> bool:
    """Say whether is_issued_by can tell, so that "did not sign" is true and no guess.

    Not where a kind of signature or key is unknown here, nor with the hashes that cryptography does not verify (MD5) or
    that the settings of a machine forbid (SHA-1, by default in Red Hat Enterprise Linux 9).
    """
    if certificate.parsed is None or issuer.parsed is None:
        return False
    try:
        key, algorithm = issuer.parsed.public_key(), certificate.parsed.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return False
    if algorithm is not None and algorithm.name in ("md5", "sha1"):
        return False
    return isinstance(
        key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)
    )
