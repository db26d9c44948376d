"""Findings as people and playbooks meet them."""

from __future__ import annotations

import pytest

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate
from ansible_collections.entra.cba.plugins.module_utils._pki.findings import Finding, check_codes, explain_each
from ansible_collections.entra.cba.plugins.module_utils._pki.rules import CODES, EXPIRED, ISSUER_MISSING
from builders.pki import a_root_ca

FIRST, SECOND = (CertificateAuthority(Certificate.from_der(a_root_ca(name).der), True) for name in ("A", "B"))


def test_every_code_may_be_accepted() -> None:
    check_codes(CODES)


def test_a_code_that_does_not_exist_is_named_with_its_nearest() -> None:
    with pytest.raises(Failure, match=r"no finding certificate\.expire: did you mean certificate\.expired\?"):
        check_codes(["certificate.expire"])


def test_a_warning_names_all_cas_of_one_code_and_says_once_what_to_do() -> None:
    findings = [Finding.on(each, rule, "is so") for rule in (ISSUER_MISSING, EXPIRED) for each in (SECOND, FIRST)]
    expired, issuer_missing = explain_each(findings)
    assert expired.startswith("certificate.expired (error, AADSTS500172): ")
    assert issuer_missing.startswith("chain.issuer_missing (error, AADSTS500176): ")
    for paragraph in (expired, issuer_missing):
        assert paragraph.index("CN=A,") < paragraph.index("CN=B,")
        assert "\n" not in paragraph
    assert expired.count(EXPIRED.remedy) == 1
