# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML page that needs nothing else: no script, no font, no picture from outside.

This plugin util is private to the collection. What is shown is worked out here; page.html.j2 and page.css say how.
Every text that the template shows passes `visible` and is then escaped, without the template having to ask for it.
"""

from __future__ import annotations

import base64
import hashlib
import typing as t
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ansible_collections.entra.cba.plugins.plugin_utils._report.report import worst_severity
from ansible_collections.entra.cba.plugins.plugin_utils._report.text import (
    common_name,
    counted,
    day,
    distance,
    minute,
    moment,
    octets,
    visible,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.entra.cba.plugins.plugin_utils._report.report import (
        Audit,
        Authority,
        Changes,
        Finding,
        Report,
        RevocationList,
        Tenant,
    )

State = t.Literal["error", "warning", "fine", "unknown"]

_DEEPEST = 6
_SOONEST = 40
_YEAR = timedelta(days=365.25)
_LISTS = (("certificate_revocation_list", "Revocation list"), ("delta_certificate_revocation_list", "Delta list"))
_ATTRIBUTES = {
    "is_root_authority": "marked as root",
    "certificate_revocation_list_url": "revocation list",
    "delta_certificate_revocation_list_url": "delta list",
    "approved": "approved",
}


def html_page(report: Report) -> str:
    """Return the page, a whole HTML document."""
    here = Path(__file__)
    style = here.with_name("page.css").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, finalize=_shown, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        common_name=common_name,
        counted=counted,
        minute=lambda text: minute(moment(text)),
        wrapping=_wrapping,
    )
    template = environment.from_string(here.with_name("page.html.j2").read_text(encoding="utf-8"))
    return template.render(
        report=report,
        tenants=[_tenant_view(number, tenant) for number, tenant in enumerate(report["tenants"], 1)],
        headline=_headline(report),
        style=Markup(style),  # noqa: S704  # our own
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def _shown(value: object) -> object:
    """Return what the template shows of a value; only what it made itself is markup."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _wrapping(hexadecimal: str) -> Markup:
    """Return a fingerprint that may break after every 8 digits and be copied in one piece."""
    parts = (hexadecimal[at : at + 8] for at in range(0, len(hexadecimal), 8))
    return Markup("<wbr/>").join(map(visible, parts))


@dataclass(frozen=True, slots=True)
class _FindingGroup:
    """The findings of one code in one tenant: what to do stands there once, and so does each message."""

    code: str
    severity: State
    remedy: str
    aadsts: Sequence[str]
    source: str
    findings: Sequence[tuple[str, Sequence[tuple[Finding, bool]]]]  # by message; and whether it is new


@dataclass(frozen=True, slots=True)
class _Fact:
    """One thing said of a CA in the tree; `goes_on` after the one before, in the same line."""

    text: str
    state: State | None = None
    goes_on: bool = False


@dataclass(slots=True)
class _Node:
    """A CA in the tree of chains."""

    authority: Authority
    state: State
    facts: Sequence[_Fact]
    depth: int
    children: list[_Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _End:
    """When one certificate or list ends; places on the axis are percentages."""

    what: str
    subject: str
    day: str
    when: str
    distance: str
    state: State
    width: float
    goes_on: bool


@dataclass(frozen=True, slots=True)
class _Timeline:
    """Ends on one axis, the soonest first; `later` says of the ends that are left out when the first of them is."""

    title: str
    ends: Sequence[_End]
    ticks: Sequence[tuple[float, str]]
    left_out: int
    later: str


@dataclass(frozen=True, slots=True)
class _TenantView:
    """What the page shows of a tenant."""

    anchor: str
    tenant: Tenant
    state: State
    verdict: str
    sums: str
    figures: Sequence[tuple[str, int]]
    soonest: Sequence[tuple[str, _End | None]]
    change: str
    groups: Sequence[_FindingGroup]
    trees: Sequence[_Node]
    timelines: Sequence[_Timeline]
    updates: Sequence[tuple[str, Sequence[str]]]


def _headline(report: Report) -> str:
    counts, tenants = report["counts"], report["tenants"]
    audits = [tenant["trust_audit"] for tenant in tenants if tenant["trust_audit"] is not None]
    states = [worst_severity(audit["findings"]) for audit in audits]
    if not tenants:
        return "There was no tenant to audit."
    everything = counted(len(tenants), "tenant")
    if states.count("fine") == len(tenants):
        return f"{everything}, and nothing stands against what {'it trusts' if len(tenants) == 1 else 'they trust'}."
    parts = [
        f"{number} {words}"
        for number, words in (
            (states.count("error"), "with errors"),
            (counts["not_audited"], "not audited"),
            (states.count("warning"), "with warnings only"),
            (states.count("fine"), "in order"),
        )
        if number
    ]
    return f"{everything}: {', '.join(parts)}."


def _tenant_view(number: int, tenant: Tenant) -> _TenantView:
    audit, anchor = tenant["trust_audit"], f"tenant-{number}"
    if audit is None:
        return _TenantView(anchor, tenant, "unknown", "Not audited", "", (), (), "", (), (), (), ())
    now = moment(audit["audited_at"])
    changes = tenant["changes"]
    of_authorities, of_lists = _authority_timeline(audit, now), _list_timeline(audit, now)
    severities = [finding["severity"] for finding in audit["findings"]]
    authorities, errors, warnings = (
        len(audit["certificate_authorities"]),
        severities.count("error"),
        severities.count("warning"),
    )
    state: State = worst_severity(audit["findings"])
    return _TenantView(
        anchor=anchor,
        tenant=tenant,
        state=state,
        verdict={"error": "Errors", "warning": "Warnings", "fine": "In order"}[state],
        sums=f"{counted(errors, 'error')} and {counted(warnings, 'warning')} in {counted(authorities, 'CA')}",
        figures=(("CAs", authorities), ("Errors", errors), ("Warnings", warnings)),
        soonest=[
            (title, timeline.ends[0] if timeline.ends else None)
            for title, timeline in (("First CA ends", of_authorities), ("First list ends", of_lists))
        ],
        change="not known" if changes is None else _change_in_words(changes),
        groups=_groups(audit["findings"], changes),
        trees=_trees(audit, now),
        timelines=[timeline for timeline in (of_authorities, of_lists) if timeline.ends],
        updates=[] if changes is None else _updates(changes),
    )


def _change_in_words(changes: Changes) -> str:
    parts = [
        f"{counted(len(items), noun)} {verb}"
        for items, noun, verb in (
            (changes["added"], "CA", "added"),
            (changes["removed"], "CA", "removed"),
            (changes["updated"], "CA", "changed"),
            (changes["new_findings"], "finding", "new"),
            (changes["gone_findings"], "finding", "gone"),
        )
        if items
    ]
    return ", ".join(parts) or "Nothing"


def _updates(changes: Changes) -> list[tuple[str, Sequence[str]]]:
    return [
        (
            change["subject"],
            [
                f"{_ATTRIBUTES[each['attribute']]}: {_value(each['before'])} → {_value(each['after'])}"
                for each in change["attributes"]
            ],
        )
        for change in changes["updated"]
    ]


def _value(value: object) -> str:
    return "yes" if value is True else "no" if value is False else str(value or "none")


def _groups(findings: Sequence[Finding], changes: Changes | None) -> list[_FindingGroup]:
    def place(finding: Finding) -> tuple[str, bool, str]:
        """Sort by severity, and begin with who is trusted at all."""
        return finding["severity"], not finding["code"].startswith("trust."), finding["code"]

    new = set() if changes is None else {_words(finding) for finding in changes["new_findings"]}
    groups = []
    for (_severity, _of_trust, code), of_code in groupby(sorted(findings, key=place), key=place):
        members = list(of_code)
        first = members[0]
        by_message: dict[str, list[tuple[Finding, bool]]] = {}
        for finding in members:
            by_message.setdefault(finding["message"], []).append((finding, _words(finding) in new))
        groups.append(
            _FindingGroup(
                code=code,
                severity=first["severity"],
                remedy=first["remedy"],
                aadsts=first["aadsts"],
                source=first["source"],
                findings=list(by_message.items()),
            )
        )
    return groups


def _words(finding: Finding) -> tuple[str, str, str]:
    return finding["code"], finding["sha256"], finding["message"]


def _trees(audit: Audit, now: datetime) -> list[_Node]:
    """Return the chains as trees in which each CA stands once, below the first that issued it.

    Cross-certificates make a net of chains, and printing every way through it would fill books: what else issued a CA
    is said in words. Trees are no deeper than fits a page; CAs further down stand beside one another.
    """
    of_authority: dict[str, list[Finding]] = {}
    for finding in audit["findings"]:
        of_authority.setdefault(finding["sha256"], []).append(finding)
    authorities = {authority["sha256"]: authority for authority in audit["certificate_authorities"]}
    issued: dict[str, list[str]] = {}
    for sha256, authority in authorities.items():
        for issuer in authority["issued_by"]:
            issued.setdefault(issuer, []).append(sha256)
    roots: list[_Node] = []
    placed: set[str] = set()

    def grow_from(sha256: str) -> None:
        """Place a CA and all below it, nearest first."""
        queue = deque([(sha256, roots, 0)])
        placed.add(sha256)
        while queue:
            current, siblings, depth = queue.popleft()
            authority = authorities[current]
            state: State = worst_severity(of_authority.get(current, ()))
            node = _Node(authority, state, _facts(authority, authorities, now), depth)
            siblings.append(node)
            below = node.children if depth < _DEEPEST else siblings
            for each in issued.get(current, ()):
                if each not in placed:
                    placed.add(each)
                    queue.append((each, below, min(depth + 1, _DEEPEST)))

    tops = [sha256 for sha256, authority in authorities.items() if not (set(authority["issued_by"]) - {sha256})]
    for sha256 in (*tops, *authorities):  # the second part for CAs that only certify one another
        if sha256 not in placed:
            grow_from(sha256)
    return roots


def _facts(authority: Authority, authorities: dict[str, Authority], now: datetime) -> list[_Fact]:
    facts = [_Fact("Root" if authority["is_root_authority"] else "Intermediate")]
    if authority["approved"] is not None:
        facts.append(_Fact("approved", None, True) if authority["approved"] else _Fact("not approved", "error", True))
    facts.append(_validity(authority, now))
    if not authority["is_root_authority"] and not authority["issued_by"]:
        facts.append(_Fact(f"No trusted CA signed it; its issuer is {authority['issuer']}", "error"))
    further = [authorities[sha256] for sha256 in authority["issued_by"][1:] if sha256 in authorities]
    if further:
        names = dict.fromkeys(common_name(each["subject"]) for each in further)
        facts.append(_Fact(f"Also signed by {', '.join(names)}"))
    for attribute, title in _LISTS:
        url = authority[f"{attribute}_url"]  # type: ignore[literal-required]  # one of two literals
        published: RevocationList | None = authority[attribute]  # type: ignore[literal-required]  # one of two literals
        if url:
            facts.append(_list_fact(title, url, published, authority["sha256"], now))
        elif attribute == _LISTS[0][0]:
            facts.append(_Fact("No revocation list"))
    return facts


def _validity(authority: Authority, now: datetime) -> _Fact:
    if authority["not_before"] is None or authority["not_after"] is None:
        return _Fact("its certificate cannot be read", "warning", True)
    begin, end = moment(authority["not_before"]), moment(authority["not_after"])
    if end < now:
        return _Fact(f"expired on {day(end)}", "error", True)
    if begin > now:
        return _Fact(f"not valid before {day(begin)}", "error", True)
    return _Fact(f"valid {day(begin)} to {day(end)}", None, True)


def _list_fact(title: str, url: str, published: RevocationList | None, sha256: str, now: datetime) -> _Fact:
    if published is None:
        return _Fact(f"{title} not checked: {url}")
    if published["failure"]:
        return _Fact(f"{title} could not be fetched: {published['reason']} ({url})", "error")
    if published["this_update"] is None:
        return _Fact(
            f"{title} could not be read: {published['reason'] or 'it is no revocation list in DER'} ({url})", "error"
        )
    if published["signers"] and sha256 not in published["signers"]:
        return _Fact(f"{title} of another CA ({url})", "error")
    about = ", ".join((*((f"no. {published['number']}",) if published["number"] else ()), octets(published["size"])))
    if published["next_update"] is None:
        return _Fact(f"{title} without an end ({about}): {url}", "warning")
    end = moment(published["next_update"])
    if end < now:
        return _Fact(f"{title} out of date since {minute(end)} ({about}): {url}", "error")
    return _Fact(f"{title} in date until {minute(end)} ({about}): {url}")


def _authority_timeline(audit: Audit, now: datetime) -> _Timeline:
    ends = [
        ("CA", authority["subject"], moment(authority["not_after"]))
        for authority in audit["certificate_authorities"]
        if authority["not_after"] is not None
    ]
    soon = {f["sha256"] for f in audit["findings"] if f["code"] == "certificate.expires_soon"}
    marked = {a["subject"] for a in audit["certificate_authorities"] if a["sha256"] in soon}
    return _timeline("Certificate authorities", ends, now, (2 * _YEAR, 10 * _YEAR), marked)


def _list_timeline(audit: Audit, now: datetime) -> _Timeline:
    """Each list once, under the name of the CA that signed it, whichever CAs it is kept with."""
    subjects = {authority["sha256"]: authority["subject"] for authority in audit["certificate_authorities"]}
    ends: dict[str, tuple[str, str, datetime]] = {}
    for authority in audit["certificate_authorities"]:
        for attribute, title in _LISTS:
            published: RevocationList | None = authority[attribute]  # type: ignore[literal-required]  # one of two literals
            if published is not None and published["next_update"] is not None:
                signer = subjects.get(next(iter(published["signers"]), ""), authority["subject"])
                ends.setdefault(published["url"], (title, signer, moment(published["next_update"])))
    soon = {f["subject"] for f in audit["findings"] if f["code"] == "crl.expires_soon"}
    return _timeline("Revocation lists", ends.values(), now, (timedelta(days=7), timedelta(days=60)), soon)


def _timeline(
    title: str,
    ends: Iterable[tuple[str, str, datetime]],
    now: datetime,
    span: tuple[timedelta, timedelta],
    soon: set[str],
) -> _Timeline:
    ordered = sorted(ends, key=lambda end: (end[2], end[1], end[0]))
    shown, rest = ordered[:_SOONEST], ordered[_SOONEST:]
    shortest, longest = span
    axis = min(max((shown[-1][2] - now) * 1.05 if shown else shortest, shortest), longest)
    return _Timeline(
        title=title,
        ends=[
            _End(
                what=what,
                subject=subject,
                day=f"{end.day} {end:%b} {end.year}",
                when=minute(end) if axis < _YEAR else day(end),
                distance=distance(end - now),
                state="error" if end < now else "warning" if subject in soon else "fine",
                width=round(max(min((end - now) / axis, 1), 0) * 100, 2),
                goes_on=end - now > axis,
            )
            for what, subject, end in shown
        ],
        ticks=_ticks(now, axis),
        left_out=len(rest),
        later=day(rest[0][2]) if rest else "",
    )


def _ticks(now: datetime, axis: timedelta) -> list[tuple[float, str]]:
    """Return up to 5 places on the axis with what stands there: first days of years, or days."""
    if axis >= _YEAR:
        first = [datetime(now.year + number, 1, 1, tzinfo=timezone.utc) for number in range(1, 12)]
        marks = [(when, str(when.year)) for when in first if when - now < axis * 0.97]
    else:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [midnight + timedelta(days=number) for number in range(1, 62)]
        marks = [(when, f"{when.day} {when:%b}") for when in days if when - now < axis * 0.97]
    step = -(-len(marks) // 5) or 1
    return [(round((when - now) / axis * 100, 2), label) for when, label in marks[step - 1 :: step]]
