# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that a certificate authority, a list of them or a revocation list can break.

This module util is private to the collection. The codes are what playbooks name; docs/docsite/rst/findings.rst has
the same table for people.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Severity = t.Literal["error", "warning"]

_ENTRA_CAS = "Microsoft Entra, How to configure certificate authorities"
_ENTRA_CRLS = "Microsoft Entra, Certificate revocation list"
_ENTRA_FAQ = "Microsoft Entra, Certificate-based authentication FAQ"
_KEY_LENGTHS = "NIST SP 800-131A"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a CA or a list can break; the fields are those of Finding."""

    code: str
    severity: Severity
    remedy: str
    source: str
    aadsts: tuple[str, ...] = ()


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

# What stands against the revocation lists that CAs publish.
CRL_UNREACHABLE = Rule(
    "crl.unreachable",
    "error",
    "Open the address in a browser outside your network: the service has to reach it from the internet without signing "
    "in. If only the machine that runs the task is cut off, run the audit elsewhere, or set a proxy",
    _ENTRA_CRLS,
)
CRL_HTTP_ERROR = Rule(
    "crl.http_error",
    "error",
    "Publish the list at that address for everyone, with status 200, or give the address where it is",
    _ENTRA_CRLS,
    ("AADSTS500173",),
)
CRL_ADDRESS_REFUSED = Rule(
    "crl.address_refused",
    "error",
    "Publish the list on a host that the public DNS leads to: the service fetches it from the internet",
    _ENTRA_CRLS,
)
CRL_TIMEOUT = Rule(
    "crl.timeout",
    "error",
    "Put the list on a faster server or make it smaller; the service waits 10 seconds for a list",
    _ENTRA_CRLS,
    ("AADSTS500179", "AADSTS2205012"),
)
CRL_TOO_LARGE = Rule(
    "crl.too_large",
    "error",
    "Have the CA take expired certificates off its list, or spread users over more CAs: the service never fetches a "
    "list of this size",
    _ENTRA_CRLS,
    ("AADSTS2205014",),
)
CRL_LARGE = Rule(
    "crl.large",
    "warning",
    "Have the CA take expired certificates off its list: sign-ins fail until the service has fetched such a list in "
    "the background",
    _ENTRA_CRLS,
    ("AADSTS2205014",),
)
CRL_REDIRECTED = Rule(
    "crl.redirected",
    "warning",
    "Give the address where it ends: no document of the service says that it follows a redirect",
    _ENTRA_CRLS,
)
CRL_ONLY_THROUGH_PROXY = Rule(
    "crl.only_through_proxy",
    "warning",
    "Make sure that the address is reached from the internet too: the service does not have your proxy",
    _ENTRA_CRLS,
)
CRL_NOT_DER = Rule(
    "crl.not_der",
    "error",
    "Publish the list itself there, in DER. From PEM it is made by: openssl crl -in FILE -outform DER -out ca.crl",
    _ENTRA_CRLS,
    ("AADSTS500174", "AADSTS2205011"),
)
CRL_SIGNATURE_WRONG = Rule(
    "crl.signature_wrong",
    "error",
    "Publish the list anew from the CA: it was damaged or made by somebody else",
    "RFC 5280, section 6.3.3",
    ("AADSTS2205015",),
)
CRL_WRONG_AUTHORITY = Rule(
    "crl.wrong_authority",
    "error",
    "Give the address of the list that this CA signs itself: the address in its own certificate is that of its "
    "issuer's list",
    _ENTRA_FAQ,
    ("AADSTS2205015",),
)
CRL_NO_KEY_IDENTIFIER = Rule(
    "crl.no_authority_key_identifier",
    "warning",
    "Have the CA put its key identifier into its lists; the service ties list and CA together by it",
    _ENTRA_CRLS,
    ("AADSTS2205015",),
)
CRL_NO_CRL_SIGN = Rule(
    "crl.no_crl_sign",
    "warning",
    "Have the CA certified with cRLSign in its key usage: software that keeps to the standard refuses its lists",
    "RFC 5280, section 6.3.3",
)
CRL_EXPIRED = Rule(
    "crl.expired",
    "error",
    "Publish a new list now, and look why the CA did not: nobody can sign in under it",
    _ENTRA_CRLS,
    ("AADSTS500172",),
)
CRL_NOT_YET_VALID = Rule(
    "crl.not_yet_valid",
    "error",
    "Check the clock of the CA, and that of the machine that runs the task",
    _ENTRA_CRLS,
    ("AADSTS500172",),
)
CRL_NO_NEXT_UPDATE = Rule(
    "crl.no_next_update",
    "warning",
    "Have the CA say when it publishes its next list: the service keeps a list until then",
    "RFC 5280, section 5.1.2.5",
)
CRL_EXPIRES_SOON = Rule(
    "crl.expires_soon",
    "warning",
    "Publish the next list before that moment: afterwards nobody can sign in under this CA",
    _ENTRA_CRLS,
)
CRL_NO_NUMBER = Rule(
    "crl.no_number",
    "warning",
    "Have the CA number its lists: by a number that rises the service knows which one is newer",
    _ENTRA_CRLS,
)
CRL_UNEXPECTED_DELTA = Rule(
    "crl.unexpected_delta",
    "error",
    "Give the complete list as certificate_revocation_list_url and the delta list as "
    "delta_certificate_revocation_list_url",
    _ENTRA_CRLS,
    ("AADSTS500177",),
)
CRL_DELTA_BASE_MISMATCH = Rule(
    "crl.delta_base_mismatch",
    "warning",
    "Publish both lists anew, the complete one first: what was revoked between the two is in neither of them",
    "RFC 5280, section 5.2.4",
)
CRL_FRESHEST_NOT_CONFIGURED = Rule(
    "crl.freshest_not_configured",
    "warning",
    "Give that address as delta_certificate_revocation_list_url: until the next complete list the service does not "
    "learn what is revoked",
    "RFC 5280, section 5.2.6",
)
CRL_INDIRECT = Rule(
    "crl.indirect",
    "warning",
    "Publish a list for each CA that it signs itself; no document of the service says that it takes an indirect one",
    "RFC 5280, section 5.2.5",
)
CRL_PARTITIONED = Rule(
    "crl.partitioned",
    "warning",
    "Publish one list with all that the CA revoked: the service takes one address for each CA",
    _ENTRA_FAQ,
    ("AADSTS500175", "AADSTS500178"),
)
CRL_UNKNOWN_CRITICAL = Rule(
    "crl.unknown_critical",
    "warning",
    "Have the CA leave the extension out or mark it as not critical: software that does not know it has to refuse the "
    "list",
    "RFC 5280, section 5.2",
)
CRL_LIFETIME_LONG = Rule(
    "crl.lifetime_long",
    "warning",
    "Have the CA publish more often: the service keeps a list until it ends, and what is revoked meanwhile still signs "
    "in",
    _ENTRA_CRLS,
)
CRL_LIFETIME_SHORT = Rule(
    "crl.lifetime_short",
    "warning",
    "Let lists live longer than they take to replace: when one ends before the next is there, nobody can sign in",
    _ENTRA_CRLS,
)
CRL_WEAK_SIGNATURE = Rule(
    "crl.weak_signature",
    "warning",
    "Have the CA sign its lists with SHA-256 or better",
    _KEY_LENGTHS,
)
CRL_MISSING = Rule(
    "crl.missing",
    "warning",
    "Give certificate_revocation_list_url for it: without one the service takes what this CA revoked, and with "
    "revocation checks demanded it refuses the sign-in",
    _ENTRA_CRLS,
    ("AADSTS500175",),
)
TRUST_NOT_APPROVED = Rule(
    "trust.not_approved",
    "error",
    "Find out who added it and when, in the audit log. Take it out of the trust store, or put it on the approved list: "
    "whoever has its key can sign in as any user of certificates",
    _ENTRA_CAS,
)
TRUST_APPROVED_MISSING = Rule(
    "trust.approved_missing",
    "error",
    "Add it to the trust store, or take it off the approved list",
    _ENTRA_CAS,
    ("AADSTS500176",),
)

PREFLIGHT_RULES = (
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
CRL_RULES = (
    CRL_UNREACHABLE,
    CRL_HTTP_ERROR,
    CRL_ADDRESS_REFUSED,
    CRL_TIMEOUT,
    CRL_TOO_LARGE,
    CRL_LARGE,
    CRL_REDIRECTED,
    CRL_ONLY_THROUGH_PROXY,
    CRL_NOT_DER,
    CRL_SIGNATURE_WRONG,
    CRL_WRONG_AUTHORITY,
    CRL_NO_KEY_IDENTIFIER,
    CRL_NO_CRL_SIGN,
    CRL_EXPIRED,
    CRL_NOT_YET_VALID,
    CRL_NO_NEXT_UPDATE,
    CRL_EXPIRES_SOON,
    CRL_NO_NUMBER,
    CRL_UNEXPECTED_DELTA,
    CRL_DELTA_BASE_MISMATCH,
    CRL_FRESHEST_NOT_CONFIGURED,
    CRL_INDIRECT,
    CRL_PARTITIONED,
    CRL_UNKNOWN_CRITICAL,
    CRL_LIFETIME_LONG,
    CRL_LIFETIME_SHORT,
    CRL_WEAK_SIGNATURE,
    CRL_MISSING,
)
TRUST_RULES = (TRUST_NOT_APPROVED, TRUST_APPROVED_MISSING)

RULES = (*PREFLIGHT_RULES, *CRL_RULES, *TRUST_RULES)
CODES = tuple(rule.code for rule in RULES)
