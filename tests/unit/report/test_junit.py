"""The report as CI servers read it."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.entra.cba.plugins.plugin_utils._report.junit import FailOn, junit_xml
from ansible_collections.entra.cba.plugins.plugin_utils._report.report import build_report
from builders.audits import CREATED_AT, Json, a_chain, a_failure, a_finding, a_fleet, a_result, an_authority
from builders.pki import a_root_ca

ROOT, ISSUING = a_chain(["Root CA", "Issuing CA"])


def suites(fail_on: FailOn = "error", **results: Json) -> list[ET.Element]:
    document = ET.fromstring(junit_xml(build_report(results, CREATED_AT), fail_on))  # noqa: S314  # made here
    assert document.tag == "testsuites"
    return list(document)


def cases_with(element: str, suite: ET.Element) -> list[str]:
    return [case.attrib["name"] for case in suite if case.find(element) is not None]


def named(authority: Json, name: str) -> str:
    return f"{name} (SHA-256 {authority['sha256'][:8]})"


def test_each_tenant_is_a_suite_and_each_ca_a_test() -> None:
    contoso, fabrikam = suites(fabrikam=a_result(), contoso=a_result([ROOT, ISSUING]))
    assert (contoso.attrib["name"], fabrikam.attrib["name"]) == ("contoso", "fabrikam")
    assert [case.attrib["name"] for case in contoso] == [
        "The trust store can be audited",
        named(ISSUING, "Issuing CA"),
        named(ROOT, "Root CA"),
    ]
    assert {case.attrib["classname"] for case in contoso} == {"contoso"}
    assert cases_with("*", contoso) == []
    assert len(fabrikam) == 1


def test_the_findings_on_a_ca_are_one_failure_that_says_everything() -> None:
    findings = [
        a_finding(ROOT, "crl.expired", message="has an old list", aadsts=["AADSTS500173"], remedy="Publish it"),
        a_finding(ROOT, "certificate.expired", message="expired"),
    ]
    (suite,) = suites(contoso=a_result([ROOT, ISSUING], findings))
    assert cases_with("failure", suite) == [named(ROOT, "Root CA")]
    (failure,) = suite.iter("failure")
    assert failure.attrib["message"] == "2 findings: certificate.expired, crl.expired"
    for words in ("crl.expired (error, AADSTS500173)", "has an old list", "Publish it", ROOT["sha256"], "RFC 5280"):
        assert words in (failure.text or "")


@pytest.mark.parametrize(("fail_on", "failing"), [("error", 1), ("warning", 2), ("never", 0)])
def test_what_fails_is_what_was_asked_for_and_the_rest_is_still_told(fail_on: FailOn, failing: int) -> None:
    findings = [a_finding(ROOT, "crl.expired"), a_finding(ISSUING, "crl.url_https", "warning")]
    (suite,) = suites(fail_on, contoso=a_result([ROOT, ISSUING], findings))
    assert len(cases_with("failure", suite)) == failing
    assert len(cases_with("system-out", suite)) == 2 - failing


def test_a_finding_that_was_accepted_fails_nothing_and_is_told() -> None:
    result = a_result([ROOT], [a_finding(ROOT, "crl.expired"), a_finding(ROOT, "certificate.expired")])
    accepted = ["crl.expired"]
    document = ET.fromstring(junit_xml(build_report({"contoso": result}, CREATED_AT), "error", accepted))  # noqa: S314  # made here
    (failure,) = document.iter("failure")
    assert failure.attrib["message"] == "1 finding: certificate.expired"
    assert "crl.expired" in (document.findtext(".//system-out") or "")


def test_a_finding_on_a_ca_that_is_not_trusted_has_a_test_too() -> None:
    (suite,) = suites(contoso=a_result([ROOT], [a_finding(ISSUING, "trust.approved_missing")]))
    assert cases_with("failure", suite) == [named(ISSUING, "Issuing CA")]


def test_a_tenant_that_could_not_be_audited_is_an_error() -> None:
    (suite,) = suites("never", contoso=a_failure("Graph said 403"))
    assert cases_with("error", suite) == ["The trust store can be audited"]
    (error,) = suite.iter("error")
    assert error.text == error.attrib["message"] == "Graph said 403"


def test_the_sums_are_those_of_the_tests() -> None:
    document = ET.fromstring(junit_xml(build_report(a_fleet(), CREATED_AT)))  # noqa: S314  # made here
    for element in (document, *document):
        cases = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(cases)
        assert int(element.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
        assert int(element.attrib["errors"]) == sum(case.find("error") is not None for case in cases)
    assert (document.attrib["failures"], document.attrib["errors"]) == ("4", "1")


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", ']]>"&', "\x00\x1b\ufffe\ud800", "\u202eoot"])
def test_a_hostile_name_stays_text(name: str) -> None:
    hostile = an_authority(a_root_ca(), subject=f"CN={name}")
    (suite,) = suites(**{f"t{name}": a_result([hostile], [a_finding(hostile, "crl.expired", message=name * 2)])})
    (failure,) = suite.iter("failure")
    shown = suite.attrib["name"][1:]
    assert [child.tag for child in suite] == ["testcase", "testcase"]
    assert f"{shown}{shown}." in t.cast("str", failure.text)
    assert shown == name or "⟨U+" in shown
