"""The filters of the trust audit: what they make, and what they say to what they cannot use."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.entra.cba.plugins.filter import audit_html, audit_junit, audit_report
from builders.audits import CREATED_AT, a_failure, a_result

report_of = audit_report.FilterModule().filters()["audit_report"]
page_of = audit_html.FilterModule().filters()["audit_html"]
junit_of = audit_junit.FilterModule().filters()["audit_junit"]
REPORT: t.Any = report_of({"contoso": a_result(), "fabrikam": a_failure()}, created_at=CREATED_AT)


def test_one_report_is_shown_in_both_forms() -> None:
    assert t.cast("str", page_of(REPORT)).startswith("<!DOCTYPE html>")
    assert t.cast("str", junit_of(REPORT, fail_on="warning")).startswith("<?xml ")


@pytest.mark.parametrize("results", [[], "contoso", {"contoso": "failed"}])
def test_results_come_by_the_name_of_the_tenant(results: object) -> None:
    with pytest.raises(AnsibleFilterError, match="the result of the audit by the name of the tenant"):
        report_of(results, created_at=CREATED_AT)


@pytest.mark.parametrize(
    ("previous", "words"), [("trust_audit.json", "previous takes an earlier report"), ({}, "has no schema_version")]
)
def test_what_is_no_earlier_report_is_refused(previous: object, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        report_of({}, created_at=CREATED_AT, previous=previous)


@pytest.mark.parametrize("show", [page_of, junit_of])
@pytest.mark.parametrize("wrong", ["{}", {}, a_result()])
def test_only_a_report_can_be_shown(show: t.Callable[..., object], wrong: object) -> None:
    with pytest.raises(AnsibleFilterError, match=r"takes a report as entra\.cba\.audit_report returns it"):
        show(wrong)


def test_an_unknown_severity_is_named_with_those_there_are() -> None:
    with pytest.raises(AnsibleFilterError, match="fail_on is one of error, warning, never, not errors"):
        junit_of(REPORT, fail_on="errors")
