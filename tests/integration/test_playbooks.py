"""The playbooks of the collection, by their full names: one tenant, and an inventory of tenants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builders.pki import a_root_ca, write_two_tier_pki
from integration.test_main_job import TWO_TIERS, as_graph

if TYPE_CHECKING:
    from integration.playbook import Playbook, TaskResult
    from integration.service import Tenant

APPLY, AUDIT = "entra.cba.apply", "entra.cba.audit_drift"
IN_STEP = "localhost: as declared, 0 findings"


@pytest.fixture(autouse=True)
def _two_tiers(playbook: Playbook) -> None:
    write_two_tier_pki(playbook.folder)


def connection_of(tenant: Tenant) -> dict[str, str]:
    return {
        "entra_cba_tenant_id": tenant.tenant_id,
        "entra_cba_client_id": tenant.client_id,
        "entra_cba_client_secret": tenant.client_secret,
    }


def run(
    playbook: Playbook,
    name: str,
    *arguments: str,
    expected_warnings: tuple[str, ...] = (),
    expect_failure: bool = False,
    **extra: object,
) -> list[TaskResult]:
    """Run a playbook for the one tenant; `extra` are variables without their entra_cba_, None to leave one out."""
    service = playbook.service
    variables = {
        **connection_of(playbook.tenant),
        "entra_cba_graph_url": service.graph_url,
        "entra_cba_authority_url": service.authority_url,
        "entra_cba_ca_path": service.ca_path,
        "entra_cba_certificate_authorities": TWO_TIERS,
        **{f"entra_cba_{option}": value for option, value in extra.items()},
    }
    given = {variable: value for variable, value in variables.items() if value is not None}
    (playbook.folder / "variables.json").write_text(json.dumps(given))
    return playbook.run_file(
        Path(name),  # which ansible-playbook finds among the collections
        arguments=("-e", "@variables.json", *arguments),
        expected_warnings=expected_warnings,
        expect_failure=expect_failure,
    )


def report(results: list[TaskResult]) -> list[str]:
    """Return the lines of the report but the last, which has the totals."""
    (lines,) = (result.result["msg"] for result in results if result.task == "Report")
    return list(lines[:-1])


def test_apply_makes_it_so_and_says_what_changed(playbook: Playbook, tenant: Tenant) -> None:
    first, second = run(playbook, APPLY, "--diff"), run(playbook, APPLY)
    assert report(first) == ["localhost: changed: 2 added, 0 removed, 0 updated, 0 findings"]
    assert report(second) == [IN_STEP]
    assert len(tenant.store()) == 2


def test_apply_in_check_mode_says_what_it_would_change(playbook: Playbook, tenant: Tenant) -> None:
    results = run(playbook, APPLY, "--check")
    assert report(results) == ["localhost: differs: 2 to add, 0 to remove, 0 to update, 0 findings"]
    assert set(tenant.methods()) == {"GET"}


def test_apply_does_not_take_an_empty_answer_for_a_value(playbook: Playbook) -> None:
    empty = dict.fromkeys(("expired", "preflight", "expires_within", "cloud", "timeout", "backup_dir", "hosts"), "")
    assert report(run(playbook, APPLY, **empty)) == ["localhost: changed: 2 added, 0 removed, 0 updated, 0 findings"]


def test_apply_without_a_list_is_an_error_and_removes_nothing(playbook: Playbook, tenant: Tenant) -> None:
    refused, *_report = run(playbook, APPLY, certificate_authorities=None, expect_failure=True)
    assert "needs at least one CA" in refused.message
    assert tenant.requests() == []


def test_backups_are_kept_where_the_run_began(playbook: Playbook, tenant: Tenant) -> None:
    tenant.plant([as_graph(a_root_ca("Old Root CA"), is_root=True)])
    declared = run(playbook, APPLY, backup=True)[0]
    assert [str(path) for path in (playbook.folder / "backup").iterdir()] == [declared.result["backup_file"]]


def test_the_audit_of_a_tenant_in_step(playbook: Playbook, tenant: Tenant) -> None:
    run(playbook, APPLY)
    results = run(playbook, AUDIT, fail_on_drift=True)
    assert report(results) == [IN_STEP]
    assert tenant.methods()[-1:] == ["GET"]


def test_the_audit_shows_drift_and_never_writes_though_nobody_asked_for_check_mode(
    playbook: Playbook, tenant: Tenant
) -> None:
    root = a_root_ca("Rogue CA")
    tenant.plant([as_graph(root, is_root=True)])
    results = run(playbook, AUDIT, backup=True)
    assert report(results) == ["localhost: differs: 2 to add, 1 to remove, 0 to update, 0 findings"]
    assert "-subject: CN=Rogue CA" in playbook.output  # with diff, though nobody asked for that either
    assert set(tenant.methods()) == {"GET"}
    assert not (playbook.folder / "backup").exists()
    assert [entry["isRootAuthority"] for entry in tenant.store()] == [True]


def test_drift_fails_the_run_when_asked_after_the_report(playbook: Playbook, tenant: Tenant) -> None:
    results = run(playbook, AUDIT, fail_on_drift="yes", expect_failure=True)
    tasks = [result.task for result in results]
    assert tasks.index("Report") < tasks.index("Fail on drift")
    assert "The tenant is not as declared" in results[-1].message
    assert set(tenant.methods()) == {"GET"}


def test_errors_in_the_declared_list_are_findings_to_an_audit(playbook: Playbook) -> None:
    (playbook.folder / "expired.pem").write_bytes(a_root_ca("Old CA", not_before=-20, not_after=-10).pem)
    results = run(
        playbook,
        AUDIT,
        certificate_authorities=[{"path": "expired.pem"}],
        expected_warnings=("certificate.expired",),
    )
    assert report(results) == ["localhost: differs: 1 to add, 0 to remove, 0 to update, 1 finding"]


@pytest.fixture
def tenants(playbook: Playbook) -> dict[str, Tenant]:
    """Three tenants as hosts of an inventory; the second one's secret has expired."""
    names = ("contoso", "fabrikam", "tailspin")
    tenants = {name: playbook.service.next_tenant() for name in names}
    tenants["fabrikam"].behave(client_secret="expired")
    inventory = {"all": {"hosts": {name: connection_of(tenant) for name, tenant in tenants.items()}}}
    (playbook.folder / "tenants.json").write_text(json.dumps(inventory))
    return tenants


FLEET = ("-i", "tenants.json", "-e", "entra_cba_hosts=all:!localhost")
NO_CONNECTION = dict.fromkeys(("tenant_id", "client_id", "client_secret"))


def test_a_host_is_a_tenant_and_one_that_fails_does_not_stop_the_others(
    playbook: Playbook, tenants: dict[str, Tenant]
) -> None:
    results = run(playbook, AUDIT, *FLEET, "--forks", "3", expect_failure=True, **NO_CONNECTION)
    drift = "differs: 2 to add, 0 to remove, 0 to update, 0 findings"
    *differing, failed = report(results)
    assert differing == [f"contoso: {drift}", f"tailspin: {drift}"]
    assert failed.startswith("fabrikam: FAILED: ")
    assert "AADSTS7000222" in failed
    assert [tenant.methods() for tenant in tenants.values()] == [["GET"], [], ["GET"]]


def test_a_batch_that_fails_ends_the_run_before_the_next_tenants(
    playbook: Playbook, tenants: dict[str, Tenant]
) -> None:
    run(playbook, APPLY, *FLEET, serial=[1, 1, "100%"], expect_failure=True, **NO_CONNECTION)
    assert [len(tenant.store()) for tenant in tenants.values()] == [2, 0, 0]
