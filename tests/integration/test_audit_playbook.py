"""The playbook entra.cba.audit and its role: an inventory of tenants, one report."""

from __future__ import annotations

import json
import re
import typing as t
from xml.etree import ElementTree as ET

import pytest
import yaml

from ansible_collections.entra.cba.plugins.filter.task_options import OPTIONS as OPTIONS_OF
from ansible_collections.entra.cba.plugins.module_utils._arguments import connection_options
from builders.pki import a_root_ca, write_two_tier_pki
from integration.playbook import ROOT, Playbook, TaskResult
from integration.test_main_job import as_graph
from integration.test_playbooks import FLEET, NO_CONNECTION, connection_of, run

if t.TYPE_CHECKING:
    from integration.service import Tenant

AUDIT = "entra.cba.audit"
OPTIONS: dict[str, object] = {"check_crls": False, "accept_findings": ["crl.missing"]}
FOUND = "entra.cba.audit : Say what was found"
HOSTILE = "{{ lookup('pipe', 'touch owned') }}<script>"


def audit(playbook: Playbook, *arguments: str, **options: t.Any) -> list[TaskResult]:
    return run(playbook, AUDIT, *arguments, **{**OPTIONS, **options})


def report_of(playbook: Playbook, folder: str = "trust_audit") -> dict[str, t.Any]:
    return dict(json.loads((playbook.folder / folder / "trust_audit.json").read_text()))


@pytest.fixture
def tenants(playbook: Playbook) -> dict[str, Tenant]:
    """Three tenants as hosts of an inventory: as approved, not to be read, and with a CA that nobody approved."""
    root, _issuing = write_two_tier_pki(playbook.folder)
    names = ("contoso", "fabrikam", "tailspin")
    tenants = {name: playbook.service.next_tenant() for name in names}
    tenants["contoso"].plant([as_graph(root, is_root=True)])
    tenants["fabrikam"].behave(client_secret="expired")
    tenants["tailspin"].plant([as_graph(root, is_root=True), as_graph(a_root_ca(HOSTILE), is_root=True)])
    inventory = {"all": {"hosts": {name: connection_of(tenant) for name, tenant in tenants.items()}}}
    (playbook.folder / "tenants.json").write_text(json.dumps(inventory))
    return tenants


@pytest.fixture
def fleet(tenants: dict[str, Tenant]) -> dict[str, t.Any]:
    """Options for a run over them, with the root as the only CA that is approved."""
    assert tenants
    return {**NO_CONNECTION, "certificate_authorities": [{"path": "root.pem"}]}


def test_one_report_has_all_tenants_also_the_one_that_failed(
    playbook: Playbook, tenants: dict[str, Tenant], fleet: dict[str, t.Any]
) -> None:
    results = audit(playbook, *FLEET, expect_failure=True, **fleet)
    report = report_of(playbook)
    assert [tenant["name"] for tenant in report["tenants"]] == list(tenants)
    contoso, fabrikam, tailspin = report["tenants"]
    assert contoso["trust_audit"]["counts"]["error"] == 0
    assert "AADSTS7000222" in fabrikam["error"]
    assert [f["code"] for f in tailspin["trust_audit"]["findings"] if f["severity"] == "error"] == [
        "trust.not_approved"
    ]
    assert [tenant.methods() for tenant in tenants.values()] == [["GET"], [], ["GET"]]
    statuses = [result.status for result in results if result.task == FOUND]
    assert sorted(statuses) == ["failed", "failed", "ok"]
    assert any("AADSTS7000222" in message for message in (each.message for each in results if each.task == FOUND))


def test_a_name_of_a_ca_is_neither_a_template_nor_markup(playbook: Playbook, fleet: dict[str, t.Any]) -> None:
    audit(playbook, *FLEET, expect_failure=True, **fleet)
    authorities = report_of(playbook)["tenants"][2]["trust_audit"]["certificate_authorities"]
    assert any(authority["subject"].startswith("CN={{ lookup('pipe'") for authority in authorities)
    assert not list(playbook.folder.rglob("owned"))
    page = (playbook.folder / "trust_audit" / "trust_audit.html").read_text()
    assert "<script" not in page
    assert "{{ lookup(&#39;pipe&#39;, &#39;touch owned&#39;) }}&lt;script&gt;" in page


def test_the_junit_file_fails_where_the_run_fails(playbook: Playbook, fleet: dict[str, t.Any]) -> None:
    audit(playbook, *FLEET, expect_failure=True, **fleet)
    suites = ET.parse(playbook.folder / "trust_audit" / "trust_audit.xml").getroot()  # noqa: S314  # made here
    assert [(suite.get("name"), suite.get("failures"), suite.get("errors")) for suite in suites] == [
        ("contoso", "0", "0"),
        ("fabrikam", "0", "1"),
        ("tailspin", "1", "0"),
    ]


def test_the_next_report_says_what_changed(playbook: Playbook, tenant: Tenant) -> None:
    root, _issuing = write_two_tier_pki(playbook.folder)
    tenant.plant([as_graph(root, is_root=True)])
    audit(playbook, certificate_authorities=[{"path": "root.pem"}], fail_on="warning")
    planted = a_root_ca("Rogue CA")
    tenant.plant([as_graph(root, is_root=True), as_graph(planted, is_root=True)])
    audit(playbook, certificate_authorities=[{"path": "root.pem"}], expect_failure=True)
    changes = report_of(playbook)["tenants"][0]["changes"]
    assert [authority["sha256"] for authority in changes["added"]] == [planted.sha256]
    assert [finding["code"] for finding in changes["new_findings"]] == ["trust.not_approved"]


def test_the_report_to_compare_with_may_lie_elsewhere(playbook: Playbook, tenant: Tenant) -> None:
    write_two_tier_pki(playbook.folder)
    tenant.plant([])
    audit(playbook, report_directory="one", fail_on="never")
    audit(playbook, report_directory="two", previous_report="one/trust_audit.json", fail_on="never")
    assert report_of(playbook, "two")["previous_created_at"] == report_of(playbook, "one")["created_at"]


def test_a_finding_that_was_accepted_does_not_fail_the_run(playbook: Playbook, tenant: Tenant) -> None:
    write_two_tier_pki(playbook.folder)
    tenant.plant([as_graph(a_root_ca("Known CA"), is_root=True)])
    codes = ["trust.not_approved", "trust.approved_missing"]
    audit(playbook, accept_findings=codes)
    assert {finding["code"] for finding in report_of(playbook)["tenants"][0]["trust_audit"]["findings"]} == set(codes)


def test_check_mode_writes_the_report_and_empty_answers_are_no_values(playbook: Playbook, tenant: Tenant) -> None:
    write_two_tier_pki(playbook.folder)
    tenant.plant([])
    names = (
        "approved_certificate_authorities",
        "certificate_authorities",
        "expires_within",
        "crl_expires_within",
        "check_crls",
        "fail_on",
        "accept_findings",
        "report_directory",
        "previous_report",
        "cloud",
    )
    results = audit(playbook, "--check", "--diff", **dict.fromkeys(names, ""))
    assert report_of(playbook)["counts"]["not_audited"] == 0
    assert {result.changed for result in results} == {False}
    assert "+<!DOCTYPE" not in playbook.output
    assert tenant.methods() == ["GET"]


def test_a_play_in_batches_is_refused_before_anything_is_asked(
    playbook: Playbook, tenants: dict[str, Tenant], fleet: dict[str, t.Any]
) -> None:
    play = {"hosts": "all", "connection": "local", "gather_facts": False, "serial": 1, "roles": ["entra.cba.audit"]}
    (playbook.folder / "batches.json").write_text(json.dumps([play]))
    results = run(playbook, "batches.json", "-i", "tenants.json", expect_failure=True, **fleet)
    assert "The play has 'serial'" in results[-1].message
    assert [tenant.methods() for tenant in tenants.values()] == [[], [], []]
    assert not (playbook.folder / "trust_audit").exists()


def test_the_role_documents_every_variable_of_its_own() -> None:
    tasks = (ROOT / "roles" / "audit" / "tasks" / "main.yml").read_text()
    (documented,) = yaml.safe_load((ROOT / "roles" / "audit" / "meta" / "argument_specs.yml").read_text())[
        "argument_specs"
    ].values()
    of_module = {f"entra_cba_{option}" for option in set(OPTIONS_OF["trust_audit_info"]) - set(connection_options())}
    named = set(re.findall(r"entra_cba_[a-z_]+", tasks)) - {"entra_cba_", "entra_cba_trust_audit"}
    assert (of_module | named) - {"entra_cba_certificate_authorities"} == set(documented["options"])
