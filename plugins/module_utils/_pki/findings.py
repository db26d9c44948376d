# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can stand against a certificate authority: the rules by their codes, and one finding of one of them.

This module util is private to the collection. The codes are what playbooks name; docs/docsite/rst/findings.rst has
the same table for people.
"""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import asdict, dataclass
from itertools import groupby

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority

Severity = t.Literal["error", "warning"]

_ENTRA_CAS = "Microsoft Entra, How to configure certificate authorities"
_ENTRA_CRLS = "Microsoft Entra, Certificate revocation list"
_ENTRA_FAQ = "Microsoft Entra, Certificate-based authentication FAQ"
_KEY_LENGTHS = "NIST SP 800-131A"


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


@dataclass(frozen=True, slots=True)
class Rule:
    """What a CA or a list can break; the fields are those of Finding."""

    code: str
    severity: Severity
    remedy: str
    source: str
    aadsts: tuple[str, ...] = ()

    def broken_by(self, authority: CertificateAuthority, message: str) -> Finding:
        """Return the finding on one CA; `message` goes on after its name."""
        origin = f" (from {authority.origin})" if authority.origin else ""
        return Finding(
            code=self.code,
            severity=self.severity,
            subject=authority.certificate.subject,
            sha256=authority.sha256,
            message=f"{message}{origin}",
            remedy=self.remedy,
            aadsts=self.aadsts,
            source=self.source,
        )


NOT_A_CA = Rule(
    "certificate.not_a_ca",
    "error",
    "Give the certificate of the CA that issued it",
    "RFC 5280, section 4.2.1.9",
    ("AADSTS500176",),
)
NO_KEY_CERT_SIGN = Rule(
    "certificate.no_key_cert_sign",
    "error",
    "Have the CA certified with keyCertSign in its key usage, or take it out of the list",
    "RFC 5280, section 4.2.1.3",
)
EXPIRED = Rule(
    "certificate.expired",
    "error",
    "Give its newer certificate, take it out of the list, or set 'expired: omit' to leave expired CAs out of what is "
    "written",
    _ENTRA_CAS,
    ("AADSTS500172",),
)
NOT_YET_VALID = Rule(
    "certificate.not_yet_valid",
    "error",
    "Wait for that day, or check the clock of the machine that runs the task",
    "RFC 5280, section 4.1.2.5",
    ("AADSTS500172",),
)
EXPIRES_SOON = Rule(
    "certificate.expires_soon",
    "warning",
    "Put its newer certificate beside it in time: from that day on the service refuses every write of a list with it",
    _ENTRA_CAS,
)
UNREADABLE = Rule(
    "certificate.unreadable",
    "warning",
    "It is kept as the service has it, and nothing is checked on it. Find out where it is from",
    "RFC 5280, section 4.1",
)
ISSUER_MISSING = Rule(
    "chain.issuer_missing",
    "error",
    "Add a valid certificate of that issuer (a newer one if it was left out as expired), or take this CA and those "
    "below it out of the list",
    _ENTRA_CAS,
    ("AADSTS500176",),
)
SIGNATURE_WRONG = Rule(
    "chain.signature_wrong",
    "error",
    "Add the CA that really signed it: it has that name, but another key",
    "RFC 5280, section 6.1.3",
    ("AADSTS500176",),
)
ISSUER_NOT_VALID = Rule(
    "chain.issuer_not_valid",
    "error",
    "Give a certificate of that issuer that is valid now, or take this CA and those below it out of the list",
    "RFC 5280, section 6.1.3",
    ("AADSTS500172",),
)
INCOMPLETE = Rule(
    "chain.incomplete",
    "error",
    "Complete the chain of the CA named there, or take both out of the list",
    _ENTRA_CAS,
    ("AADSTS500176",),
)
NO_ROOT = Rule(
    "chain.no_root",
    "error",
    "Add the self-signed certificate of the root that these CAs lead to",
    _ENTRA_CAS,
    ("AADSTS500176",),
)
NO_KEY_IDENTIFIER = Rule(
    "chain.no_key_identifier",
    "warning",
    "Have the CA certified with both key identifiers; the service builds chains by them and not by name",
    _ENTRA_CRLS,
    ("AADSTS500176",),
)
TOO_LONG = Rule(
    "chain.too_long",
    "warning",
    "Add a certificate that makes the way to a root shorter; the service checks the revocation of 10 CAs at most",
    _ENTRA_CRLS,
)
FLAG_CONTRADICTS = Rule(
    "root.flag_contradicts",
    "error",
    "Name the certificate in certificate_authorities without is_root_authority, which is worked out then",
    _ENTRA_CAS,
)
DUPLICATE = Rule(
    "list.duplicate",
    "warning",
    "Take the second entry out in the Entra admin center",
    _ENTRA_CAS,
)
NO_SUBJECT_KEY_IDENTIFIER = Rule(
    "crl.no_subject_key_identifier",
    "error",
    "Have the CA certified with a subject key identifier, or leave its certificate_revocation_list_url out",
    _ENTRA_CRLS,
    ("AADSTS2205015",),
)
URL_NOT_HTTP = Rule(
    "crl.url_not_http",
    "error",
    "Publish the list at an http address that the internet reaches, and give that",
    _ENTRA_FAQ,
)
URL_HTTPS = Rule(
    "crl.url_https",
    "warning",
    "Give an http address if there is one: the documents of the service disagree on https, and the list is signed "
    "anyway",
    _ENTRA_CRLS,
)
DELTA_WITHOUT_BASE = Rule(
    "crl.delta_without_base",
    "error",
    "Give certificate_revocation_list_url as well, or leave delta_certificate_revocation_list_url out",
    _ENTRA_CRLS,
    ("AADSTS500177",),
)
URL_SHARED = Rule(
    "crl.url_shared",
    "warning",
    "Give each CA the address of the list that it signs itself, not the one that its own certificate names: that is "
    "its issuer's",
    _ENTRA_FAQ,
    ("AADSTS2205015",),
)
WEAK_KEY = Rule(
    "key.weak",
    "warning",
    "Replace the CA by one with RSA of at least 2048 bits or an elliptic curve of at least 224",
    _KEY_LENGTHS,
)
WEAK_SIGNATURE = Rule(
    "signature.weak",
    "warning",
    "Have the CA certified again with SHA-256 or better",
    _KEY_LENGTHS,
)
UNKNOWN_CRITICAL = Rule(
    "extension.unknown_critical",
    "warning",
    "Try a sign-in with a certificate of that CA: software that does not know a critical extension has to refuse it",
    "RFC 5280, section 4.2",
)

RULES = (
    NOT_A_CA,
    NO_KEY_CERT_SIGN,
    EXPIRED,
    NOT_YET_VALID,
    EXPIRES_SOON,
    UNREADABLE,
    ISSUER_MISSING,
    SIGNATURE_WRONG,
    ISSUER_NOT_VALID,
    INCOMPLETE,
    NO_ROOT,
    NO_KEY_IDENTIFIER,
    TOO_LONG,
    FLAG_CONTRADICTS,
    DUPLICATE,
    NO_SUBJECT_KEY_IDENTIFIER,
    URL_NOT_HTTP,
    URL_HTTPS,
    DELTA_WITHOUT_BASE,
    URL_SHARED,
    WEAK_KEY,
    WEAK_SIGNATURE,
    UNKNOWN_CRITICAL,
)

CODES = tuple(rule.code for rule in RULES)


def check_codes(codes: Iterable[str]) -> None:
    """Refuse a code that no rule has. Raises Failure."""
    for code in codes:
        if code not in CODES:
            close = difflib.get_close_matches(code, CODES, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the codes are {', '.join(CODES)}."
            raise Failure(f"accept_findings: there is no finding {code}: {hint}")
