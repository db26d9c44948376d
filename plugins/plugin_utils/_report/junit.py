# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for CI servers: JUnit XML, a suite for each tenant and a test for each CA.

This plugin util is private to the collection.
"""

from __future__ import annotations

import typing as t
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.entra.cba.plugins.plugin_utils._report.text import common_name, counted, visible

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ansible_collections.entra.cba.plugins.plugin_utils._report.report import Finding, Report, Tenant

FailOn = t.Literal["error", "warning", "never"]
_FAILING: dict[FailOn, tuple[str, ...]] = {"error": ("error",), "warning": ("error", "warning"), "never": ()}


class _Case(t.NamedTuple):
    name: str
    errors: Sequence[str] = ()
    failures: Sequence[Finding] = ()
    remarks: Sequence[Finding] = ()


def junit_xml(report: Report, fail_on: FailOn = "error", accept_findings: Sequence[str] = ()) -> str:
    """Return the report in the JUnit form that CI servers have agreed on.

    A CA with findings that count as failures is one failed test, so that a test keeps its name from run to run. Other
    findings, and those with a code in `accept_findings`, are the output of its test.
    """

    def fails(finding: Finding) -> bool:
        return finding["severity"] in _FAILING[fail_on] and finding["code"] not in accept_findings

    suites = [(tenant, _cases(tenant, fails)) for tenant in report["tenants"]]
    every = [case for _tenant, cases in suites for case in cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="Trust audit"{_totals(every)}>']
    for tenant, cases in suites:
        audit = tenant["trust_audit"]
        timestamp = (audit["audited_at"] if audit else report["created_at"]).removesuffix("Z")
        lines.append(f"  <testsuite name={_quoted(tenant['name'])}{_totals(cases)} timestamp={_quoted(timestamp)}>")
        lines += [line for case in cases for line in _case_lines(tenant["name"], case)]
        lines.append("  </testsuite>")
    return "\n".join((*lines, "</testsuites>", ""))


def _cases(tenant: Tenant, fails: Callable[[Finding], bool]) -> list[_Case]:
    audit = tenant["trust_audit"]
    if audit is None:
        return [_Case("The trust store can be audited", errors=(tenant["error"] or "",))]
    subjects = {authority["sha256"]: authority["subject"] for authority in audit["certificate_authorities"]}
    of_authority: dict[str, list[Finding]] = {sha256: [] for sha256 in subjects}
    for finding in audit["findings"]:
        subjects.setdefault(finding["sha256"], finding["subject"])
        of_authority.setdefault(finding["sha256"], []).append(finding)
    return [
        _Case("The trust store can be audited"),
        *(
            _Case(
                f"{common_name(subjects[sha256])} (SHA-256 {sha256[:8]})" if sha256 else subjects[sha256],
                failures=[finding for finding in findings if fails(finding)],
                remarks=[finding for finding in findings if not fails(finding)],
            )
            for sha256, findings in of_authority.items()
        ),
    ]


def _totals(cases: Sequence[_Case]) -> str:
    failures, errors = (sum(map(bool, column)) for column in ([c.failures for c in cases], [c.errors for c in cases]))
    return f' tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="0" time="0"'


def _case_lines(suite: str, case: _Case) -> Iterator[str]:
    opening = f"    <testcase classname={_quoted(suite)} name={_quoted(case.name)} time="
    if not (case.errors or case.failures or case.remarks):
        yield f'{opening}"0"/>'
        return
    yield f'{opening}"0">'
    for error in case.errors:
        yield f'      <error type="not_audited" message={_quoted(error)}>{_text(error)}</error>'
    if case.failures:
        codes = ", ".join(dict.fromkeys(finding["code"] for finding in case.failures))
        message = f"{counted(len(case.failures), 'finding')}: {codes}"
        yield f"      <failure type={_quoted(case.failures[0]['code'])} message={_quoted(message)}>"
        yield f"{_text(_paragraphs(case.failures))}</failure>"
    if case.remarks:
        yield f"      <system-out>{_text(_paragraphs(case.remarks))}</system-out>"
    yield "    </testcase>"


def _paragraphs(findings: Sequence[Finding]) -> str:
    return "\n\n".join(
        "\n".join(
            (
                f"{finding['code']} ({', '.join((finding['severity'], *finding['aadsts']))})",
                f"{finding['subject']}: {finding['message']}.",
                f"What to do: {finding['remedy']}.",
                f"SHA-256: {finding['sha256']}",
                f"Source: {finding['source']}",
            )
        )
        for finding in findings
    )


def _text(text: str) -> str:
    return escape("\n".join(visible(line) for line in text.split("\n")))


def _quoted(text: str) -> str:
    return quoteattr(visible(text))
