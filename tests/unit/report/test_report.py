"""One report on many tenants, and what changed since the one before."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.entra.cba.plugins.plugin_utils._report.report import UnusableReport, build_report
from builders.audits import (
    CREATED_AT,
    Json,
    a_chain,
    a_failure,
    a_finding,
    a_fleet,
    a_result,
    the_fleet_before,
)

ROOT, ISSUING, OTHER = a_chain(["Root CA", "Issuing CA", "Other CA"])
EARLIER = "2026-11-22T16:00:00Z"


def report_on(before: Json | None = None, /, **results: Json) -> Json:
    """Return the report as somebody reads it from its JSON."""
    return t.cast("Json", json.loads(json.dumps(build_report(results, CREATED_AT, before))))


def changes(before: Json, after: Json) -> Json:
    (tenant,) = report_on(report_on(contoso=before), contoso=after)["tenants"]
    return t.cast("Json", tenant["changes"])


def test_tenants_cas_and_findings_stand_in_one_order_whatever_the_order_of_the_results() -> None:
    findings = [
        a_finding(ISSUING, "crl.url_https", "warning"),
        a_finding(ROOT, "crl.expired"),
        a_finding(ISSUING, "crl.expired"),
    ]
    one = report_on(b=a_result([ROOT, ISSUING], findings), a=a_result())
    two = report_on(a=a_result(), b=a_result([ISSUING, ROOT], findings[::-1]))
    assert one == two
    assert [tenant["name"] for tenant in one["tenants"]] == ["a", "b"]
    audit = one["tenants"][1]["trust_audit"]
    assert [authority["sha256"] for authority in audit["certificate_authorities"]] == [
        ISSUING["sha256"],
        ROOT["sha256"],
    ]
    assert [finding["severity"] for finding in audit["findings"]] == ["error", "error", "warning"]


def test_a_tenant_that_could_not_be_audited_is_there_with_the_reason() -> None:
    report = report_on(contoso=a_failure("no such tenant"), fabrikam=a_result([ROOT], [a_finding(ROOT, "crl.expired")]))
    contoso, fabrikam = report["tenants"]
    assert (contoso["error"], contoso["trust_audit"]) == ("no such tenant", None)
    assert fabrikam["error"] is None
    assert report["counts"] == {
        "tenants": 2,
        "not_audited": 1,
        "certificate_authorities": 1,
        "error": 1,
        "warning": 0,
    }


def test_a_tenant_that_the_run_never_came_to_is_no_tenant_in_order() -> None:
    (tenant,) = report_on(contoso={})["tenants"]
    assert tenant["trust_audit"] is None
    assert "ended for this tenant before its audit" in tenant["error"]


def test_cas_that_came_went_and_changed_are_told_apart_by_their_certificates() -> None:
    moved = {**ISSUING, "certificate_revocation_list_url": "http://elsewhere.example/a.crl"}
    same_name = {**OTHER, "subject": ROOT["subject"]}
    found = changes(a_result([ROOT, ISSUING]), a_result([same_name, moved]))
    assert [each["sha256"] for each in found["added"]] == [OTHER["sha256"]]
    assert [each["sha256"] for each in found["removed"]] == [ROOT["sha256"]]
    (updated,) = found["updated"]
    assert updated["sha256"] == ISSUING["sha256"]
    assert updated["attributes"] == [
        {
            "attribute": "certificate_revocation_list_url",
            "before": None,
            "after": "http://elsewhere.example/a.crl",
        }
    ]


def test_an_approval_that_was_withdrawn_is_a_change_and_a_list_given_for_the_first_time_is_none() -> None:
    approved, refused = ({**ROOT, "approved": answer} for answer in (True, False))
    assert [each["sha256"] for each in changes(a_result([approved]), a_result([refused]))["updated"]] == [
        ROOT["sha256"]
    ]
    assert changes(a_result([ROOT]), a_result([approved]))["updated"] == []


def test_a_finding_whose_figures_moved_on_is_neither_new_nor_gone() -> None:
    before = a_result([ROOT], [a_finding(ROOT, "certificate.expires_soon", message="ends in 21 days")])
    after = a_result([ROOT], [a_finding(ROOT, "certificate.expires_soon", message="ends in 20 days")])
    found = changes(before, after)
    assert (found["new_findings"], found["gone_findings"]) == ([], [])


def test_the_second_finding_of_one_code_on_one_ca_is_the_new_one() -> None:
    base = a_finding(ROOT, "crl.timeout", message="base list, 10.1 s")
    delta = a_finding(ROOT, "crl.timeout", message="a delta list")
    found = changes(a_result([ROOT], [base]), a_result([ROOT], [base, delta]))
    assert [finding["message"] for finding in found["new_findings"]] == ["a delta list"]
    assert found["gone_findings"] == []
    found = changes(a_result([ROOT], [base, delta]), a_result([ROOT], [delta]))
    assert [finding["message"] for finding in found["gone_findings"]] == ["base list, 10.1 s"]
    assert found["new_findings"] == []


def test_a_finding_on_another_ca_is_another_finding() -> None:
    found = changes(
        a_result([ROOT, ISSUING], [a_finding(ROOT, "crl.expired")]),
        a_result([ROOT, ISSUING], [a_finding(ISSUING, "crl.expired")]),
    )
    assert [finding["sha256"] for finding in found["new_findings"]] == [ISSUING["sha256"]]
    assert [finding["sha256"] for finding in found["gone_findings"]] == [ROOT["sha256"]]


def test_what_was_known_before_a_failed_audit_is_what_the_next_one_is_compared_with() -> None:
    first = report_on(contoso=a_result([ROOT], audited_at=EARLIER))
    failed_twice = report_on(report_on(first, contoso=a_failure()), contoso=a_failure())
    (tenant,) = report_on(failed_twice, contoso=a_result([ROOT, OTHER]))["tenants"]
    assert tenant["changes"]["since"] == EARLIER
    assert [each["sha256"] for each in tenant["changes"]["added"]] == [OTHER["sha256"]]
    assert tenant["last_audit"] is None


def test_a_host_that_stands_for_another_tenant_now_is_not_compared() -> None:
    (tenant,) = report_on(report_on(contoso=a_result([ROOT])), contoso=a_result([OTHER], tenant_id="other"))["tenants"]
    assert tenant["changes"] is None


def test_tenants_of_the_report_before_that_are_not_in_this_run_are_named() -> None:
    report = report_on(report_on(contoso=a_result(), fabrikam=a_failure()), contoso=a_result())
    assert report["not_in_this_run"] == ["fabrikam"]
    assert report["previous_created_at"] == CREATED_AT


def test_a_first_report_compares_nothing() -> None:
    report = report_on(contoso=a_result([ROOT]))
    assert report["previous_created_at"] is None
    assert report["tenants"][0]["changes"] is None


@pytest.mark.parametrize(
    ("previous", "words"),
    [({"counts": {}}, "no schema_version"), ({"schema_version": 2}, "schema_version 2, and this release .* reads 1")],
)
def test_what_is_no_report_of_this_schema_is_refused(previous: Json, words: str) -> None:
    with pytest.raises(UnusableReport, match=words):
        build_report({}, CREATED_AT, previous)


def test_the_inputs_stay_as_they_were() -> None:
    results = a_fleet()
    before = json.dumps(results)
    build_report(results, CREATED_AT, build_report(the_fleet_before(results), EARLIER))
    assert json.dumps(results) == before
