# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the trust audits of many tenants say together, and what changed since the report before.

This plugin util is private to the collection. A report is what its JSON holds; page and JUnit file are made from it.
"""

from __future__ import annotations

import typing as t
from collections import Counter

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SCHEMA_VERSION = 1

_COMPARED = (
    "is_root_authority",
    "certificate_revocation_list_url",
    "delta_certificate_revocation_list_url",
    "approved",
)


class UnusableReport(ValueError):
    """What was given as the report before is none. The text says why."""


class Finding(t.TypedDict):
    """One finding, as the module returns it."""

    code: str
    severity: t.Literal["error", "warning"]
    subject: str
    sha256: str
    message: str
    remedy: str
    aadsts: list[str]
    source: str


class RevocationList(t.TypedDict):
    """What came of fetching one revocation list; times are ISO 8601 in UTC."""

    url: str
    failure: str | None
    reason: str
    this_update: str | None
    next_update: str | None
    number: str | None
    size: int
    signers: list[str]


class Authority(t.TypedDict):
    """A trusted CA, as the module returns it; what a certificate that cannot be read leaves open is None."""

    sha256: str
    subject: str
    issuer: str
    not_before: str | None
    not_after: str | None
    is_root_authority: bool
    certificate_revocation_list_url: str | None
    delta_certificate_revocation_list_url: str | None
    issued_by: list[str]
    approved: bool | None
    certificate_revocation_list: RevocationList | None
    delta_certificate_revocation_list: RevocationList | None


class Audit(t.TypedDict):
    """One tenant's audit, as the module returns it under `trust_audit`."""

    audited_at: str
    tenant_id: str | None
    counts: dict[str, int]
    certificate_authorities: list[Authority]
    findings: list[Finding]


class AttributeChange(t.TypedDict):
    """What is said of a CA now, and what was said before."""

    attribute: str
    before: object
    after: object


class AuthorityChange(t.TypedDict):
    """A CA that came, went, or is trusted otherwise than before; `attributes` is empty for the first two."""

    sha256: str
    subject: str
    attributes: list[AttributeChange]


class Changes(t.TypedDict):
    """What changed in a tenant since its audit at `since`."""

    since: str
    added: list[AuthorityChange]
    removed: list[AuthorityChange]
    updated: list[AuthorityChange]
    new_findings: list[Finding]
    gone_findings: list[Finding]


class Tenant(t.TypedDict):
    """One tenant: its audit, or why there is none.

    `last_audit` is there in the second case: what was last known, so that a later report can still be compared with it.
    """

    name: str
    error: str | None
    trust_audit: Audit | None
    last_audit: Audit | None
    changes: Changes | None


class Report(t.TypedDict):
    """All of it, in a stable order. `not_in_this_run` names the tenants that only the report before has."""

    schema_version: int
    created_at: str
    previous_created_at: str | None
    counts: dict[str, int]
    tenants: list[Tenant]
    not_in_this_run: list[str]


def build_report(
    results: Mapping[str, Mapping[str, t.Any]], created_at: str, previous: Mapping[str, t.Any] | None = None
) -> Report:
    """Return the report on the results of `entra.cba.trust_audit_info`, by the name of the tenant.

    A result without `trust_audit` is that of a tenant that could not be audited; its `msg` says why.
    Raises UnusableReport.
    """
    before = {} if previous is None else _tenants_of(previous)
    tenants = [_tenant(name, results[name], before.get(name)) for name in sorted(results)]
    audits = [tenant["trust_audit"] for tenant in tenants if tenant["trust_audit"] is not None]
    severities = Counter(finding["severity"] for audit in audits for finding in audit["findings"])
    return {
        "schema_version": SCHEMA_VERSION,
        "created_at": created_at,
        "previous_created_at": None if previous is None else previous["created_at"],
        "counts": {
            "tenants": len(tenants),
            "not_audited": len(tenants) - len(audits),
            "certificate_authorities": sum(len(audit["certificate_authorities"]) for audit in audits),
            "error": severities["error"],
            "warning": severities["warning"],
        },
        "tenants": tenants,
        "not_in_this_run": sorted(set(before) - set(results)),
    }


def is_report(value: object) -> t.TypeGuard[Report]:
    """Tell whether this is a report of this schema."""
    return isinstance(value, dict) and value.get("schema_version") == SCHEMA_VERSION


def _tenants_of(report: Mapping[str, t.Any]) -> dict[str, Tenant]:
    if "schema_version" not in report:
        raise UnusableReport("the previous report has no schema_version: give the JSON of an earlier trust audit")
    if report["schema_version"] != SCHEMA_VERSION:
        raise UnusableReport(
            f"the previous report has schema_version {report['schema_version']}, and this release of entra.cba reads "
            f"{SCHEMA_VERSION}: move that file away to begin anew, or use the release that wrote it"
        )
    return {tenant["name"]: tenant for tenant in report["tenants"]}


def _tenant(name: str, result: Mapping[str, t.Any], before: Tenant | None) -> Tenant:
    known = None if before is None else before["trust_audit"] or before["last_audit"]
    given = result.get("trust_audit")
    if given is None:
        error = str(result.get("msg") or "The run ended for this tenant before its audit.")
        return {"name": name, "error": error, "trust_audit": None, "last_audit": known, "changes": None}
    audit = _sorted_audit(given)
    comparable = known is not None and known["tenant_id"] == audit["tenant_id"]
    changes = _changes(known, audit) if known is not None and comparable else None
    return {"name": name, "error": None, "trust_audit": audit, "last_audit": None, "changes": changes}


def _sorted_audit(audit: Audit) -> Audit:
    ordered = audit.copy()
    ordered["certificate_authorities"] = sorted(
        audit["certificate_authorities"], key=lambda authority: (authority["subject"], authority["sha256"])
    )
    ordered["findings"] = sorted(
        audit["findings"],
        key=lambda finding: (
            finding["severity"],
            finding["subject"],
            finding["code"],
            finding["sha256"],
            finding["message"],
        ),
    )
    return ordered


def _changes(before: Audit, after: Audit) -> Changes:
    old = {authority["sha256"]: authority for authority in before["certificate_authorities"]}
    new = {authority["sha256"]: authority for authority in after["certificate_authorities"]}
    return {
        "since": before["audited_at"],
        "added": [_change(new[sha256]) for sha256 in new if sha256 not in old],
        "removed": [_change(old[sha256]) for sha256 in old if sha256 not in new],
        "updated": [
            _change(new[sha256], changed)
            for sha256 in new
            if sha256 in old and (changed := _attribute_changes(old[sha256], new[sha256]))
        ],
        "new_findings": _beyond(after["findings"], before["findings"]),
        "gone_findings": _beyond(before["findings"], after["findings"]),
    }


def _change(authority: Authority, attributes: Sequence[AttributeChange] = ()) -> AuthorityChange:
    return {"sha256": authority["sha256"], "subject": authority["subject"], "attributes": list(attributes)}


def _attribute_changes(before: Mapping[str, t.Any], after: Mapping[str, t.Any]) -> list[AttributeChange]:
    """Return what is said otherwise. Approval was not asked for in an audit without a list, which is no change."""
    return [
        {"attribute": name, "before": before[name], "after": after[name]}
        for name in _COMPARED
        if before[name] != after[name] and not (name == "approved" and None in (before[name], after[name]))
    ]


def _beyond(ours: Sequence[Finding], theirs: Sequence[Finding]) -> list[Finding]:
    """Return those of ours that have no counterpart among theirs.

    Messages hold figures that change by the day, so that code and CA make a finding; a CA can have one code twice, for
    its base list and its delta list, and then those that read the same belong together.
    """
    alike = Counter(map(_words, ours)) & Counter(map(_words, theirs))
    of_theirs = Counter(map(_kind, theirs))
    for (code, sha256, _message), count in alike.items():
        of_theirs[code, sha256] -= count
    return [finding for finding in ours if not (_took(alike, _words(finding)) or _took(of_theirs, _kind(finding)))]


def _took(counter: Counter[t.Any], key: object) -> bool:
    counter[key] -= 1
    return bool(counter[key] >= 0)


def _kind(finding: Finding) -> tuple[str, str]:
    return finding["code"], finding["sha256"]


def _words(finding: Finding) -> tuple[str, str, str]:
    return finding["code"], finding["sha256"], finding["message"]


def worst_severity(findings: Iterable[Finding]) -> t.Literal["error", "warning", "fine"]:
    """Return the highest severity among findings, "fine" without any."""
    severities = {finding["severity"] for finding in findings}
    return "error" if "error" in severities else "warning" if severities else "fine"
