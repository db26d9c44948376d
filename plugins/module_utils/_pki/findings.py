# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands against a certificate authority: one finding, and many of them told to a person.

This module util is private to the collection. The rules behind the findings are in rules.py.
"""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import asdict, dataclass
from itertools import groupby

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._pki.rules import CODES

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority
    from ansible_collections.entra.cba.plugins.module_utils._pki.rules import Rule, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one CA.

    `code` is stable and documented ("chain.issuer_missing"); `severity` is "error" when the service refuses the list or
    users under that CA cannot sign in, else "warning". `message` goes on after the name of the CA, `remedy` is a
    sentence without its full stop, `aadsts` are the codes that a user would see at sign-in ("AADSTS500176").
    """

    code: str
    severity: Severity
    subject: str
    sha256: str
    message: str
    remedy: str
    aadsts: tuple[str, ...] = ()
    source: str = ""

    @classmethod
    def on(cls, authority: CertificateAuthority, rule: Rule, message: str) -> Finding:
        """Return the finding that a CA breaks a rule; `message` goes on after its name."""
        origin = f" (from {authority.origin})" if authority.origin else ""
        return cls(
            code=rule.code,
            severity=rule.severity,
            subject=authority.certificate.subject,
            sha256=authority.sha256,
            message=f"{message}{origin}",
            remedy=rule.remedy,
            aadsts=rule.aadsts,
            source=rule.source,
        )

    @property
    def order(self) -> tuple[str, ...]:
        """The key to sort by: errors first, then by subject and code."""
        return self.severity, self.subject, self.code, self.sha256

    @property
    def name(self) -> str:
        """The CA in a message."""
        return f"{self.subject or 'certificate without a subject'} (SHA-256 {self.sha256[:8]})"

    def as_result(self) -> dict[str, object]:
        """Return the finding as a module's result shows it."""
        return {**asdict(self), "aadsts": list(self.aadsts)}

    def __str__(self) -> str:
        return f"{self.code}: {self.name} {self.message}. {self.remedy}."


def explain(findings: Iterable[Finding]) -> str:
    """Return findings for a person who has many: what to do once for each code, and CAs with the same fault together.

    An expired CA can leave dozens behind that lack their issuer; said for each of them, it fills pages.
    """
    alike = sorted(findings, key=lambda finding: (finding.severity, finding.code, finding.message, finding.order))
    lines = []
    for code, of_code in groupby(alike, key=lambda finding: finding.code):
        for number, (message, of_message) in enumerate(groupby(of_code, key=lambda finding: finding.message)):
            same = list(of_message)
            if number == 0:
                lines.append(f"{code} ({', '.join((same[0].severity, *same[0].aadsts))}): {same[0].remedy}.")
            lines.append(f"  {'; '.join(finding.name for finding in same)}: {message}")
    return "\n".join(lines)


def explain_each(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the same as one paragraph for each code, fit for a warning."""
    by_code = groupby(sorted(findings, key=lambda finding: finding.code), key=lambda finding: finding.code)
    return tuple(explain(of_code).replace("\n ", "") for _code, of_code in by_code)


def check_codes(codes: Iterable[str]) -> None:
    """Refuse a code that no rule has. Raises Failure."""
    for code in codes:
        if code not in CODES:
            close = difflib.get_close_matches(code, CODES, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the codes are {', '.join(CODES)}."
            raise Failure(f"accept_findings: there is no finding {code}: {hint}")
