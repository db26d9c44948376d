# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would change in a list of certificate authorities: pure, and the one source of `changed` and `diff`.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority, describe

TrustList = tuple[CertificateAuthority, ...]


@dataclass(frozen=True, slots=True)
class TrustListChange:
    """From the list that was read to the list that is wanted; CAs are the same when the SHA-256 of their DER is."""

    before: TrustList
    after: TrustList
    added: TrustList
    removed: TrustList
    updated: tuple[tuple[CertificateAuthority, CertificateAuthority], ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.updated)

    def as_diff(self) -> list[dict[str, str]]:
        """Return Ansible's diff: one block per CA that comes, goes or changes, sorted by its heading."""
        pairs: list[tuple[CertificateAuthority | None, CertificateAuthority | None]] = []
        pairs += [(None, authority) for authority in self.added]
        pairs += [(authority, None) for authority in self.removed]
        pairs += self.updated
        return sorted((_diff_block(before, after) for before, after in pairs), key=lambda block: block["before_header"])

    def as_changes(self) -> dict[str, list[dict[str, object]]]:
        """Return the same for programs: lists of CAs added, removed, and updated (with what each was before)."""
        return {
            "added": _sorted([describe(authority) for authority in self.added]),
            "removed": _sorted([describe(authority) for authority in self.removed]),
            "updated": _sorted([{**describe(after), "before": describe(before)} for before, after in self.updated]),
        }


def declare(before: TrustList, wanted: TrustList, *, purge: bool) -> TrustListChange:
    """Plan for `wanted` to be in force: as the whole list (purge), or beside whatever else is there.

    What stays keeps its place, what comes is put at the end, so that an unchanged entry never moves.
    """
    by_identity = {authority.sha256: authority for authority in wanted}
    present = {authority.sha256: authority for authority in before}  # a CA that the service shows twice is kept once
    after = [by_identity.get(identity, authority) for identity, authority in present.items()]
    if purge:
        after = [authority for authority in after if authority.sha256 in by_identity]
    after += [authority for authority in wanted if authority.sha256 not in present]
    return compare(before, tuple(after))


def withdraw(before: TrustList, unwanted: TrustList | None) -> TrustListChange:
    """Plan for `unwanted` CAs to be gone; None stands for all of them."""
    identities = {authority.sha256 for authority in before if unwanted is None}
    identities |= {authority.sha256 for authority in unwanted or ()}
    return compare(before, tuple(authority for authority in before if authority.sha256 not in identities))


def compare(before: TrustList, after: TrustList) -> TrustListChange:
    """Tell two lists apart; the order of their entries does not matter."""
    old = {authority.sha256: authority for authority in before}
    new = {authority.sha256: authority for authority in after}
    return TrustListChange(
        before=before,
        after=after,
        added=tuple(authority for authority in new.values() if authority.sha256 not in old),
        removed=tuple(authority for authority in old.values() if authority.sha256 not in new),
        updated=tuple(
            (old[identity], authority)
            for identity, authority in new.items()
            if identity in old and old[identity] != authority
        ),
    )


def same(one: TrustList, other: TrustList) -> bool:
    """Tell whether two lists hold the same entries."""
    return len(one) == len(other) and compare(one, other).is_empty


def names_of(authorities: t.Iterable[CertificateAuthority]) -> str:
    """Name several CAs in a message."""
    return "; ".join(sorted(str(authority.certificate) for authority in authorities)) or "no CA at all"


def _sorted(described: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(described, key=lambda item: (str(item["subject"]), str(item["sha256"])))


def _diff_block(before: CertificateAuthority | None, after: CertificateAuthority | None) -> dict[str, str]:
    header = next(str(authority.certificate) for authority in (before, after) if authority is not None)
    return {"before_header": header, "after_header": header, "before": _lines(before), "after": _lines(after)}


def _lines(authority: CertificateAuthority | None) -> str:
    """Write an entry line by line, without the octets of its certificate: its SHA-256 stands for them."""
    if authority is None:
        return ""
    shown = {key: value for key, value in describe(authority).items() if key not in ("certificate", "issuer_ski")}
    return "".join(f"{key}:{_scalar(value)}\n" for key, value in shown.items())


def _scalar(value: object) -> str:
    """Write a value as YAML does, with the blank that stands before it."""
    if value is None:
        return ""
    return f" {str(value).lower() if isinstance(value, bool) else value}"
