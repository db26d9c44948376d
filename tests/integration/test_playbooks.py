"""The playbooks of the collection, by their full names: one tenant, and an inventory of tenants."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from builders.pki import a_root_ca, write_two_tier_pki
from integration.playbook import MANAGE, ROOT, Playbook, TaskResult
from integration.test_main_job import TWO_TIERS, as_graph

if TYPE_CHECKING:
    from pathlib import Path

    from integration.service import Tenant

APPLY, AUDIT = "entra.cba.apply", "entra.cba.audit_drift"
IN_STEP = "as declared: 0 added, 0 removed, 0 updated, 0 findings"


@pytest.fixture(autouse=True)
def _two_tiers(playbook: Playbook) -> None:
    write_two_tier_pki(playbook.folder)


def connection_of(tenant: Tenant) -> dict[str, str]:
    return {
        "entra_cba_tenant_id": tenant.tenant_id,
        "entra_cba_client_id": tenant.client_id,
        "entra_cba_client_secret": tenant.client_secret,
    }


def run(playbook: Playbook, name: str, *arguments: str, expect_failure: bool = False, **extra: Any) -> list[TaskResult]:
    """Run a playbook for the one tenant, with more or other variables, each without its entra_cba_."""
    service = playbook.service
    variables = {
        **connection_of(playbook.tenant),
        "entra_cba_graph_url": service.graph_url,
        "entra_cba_authority_url": service.authority_url,
        "entra_cba_ca_path": service.ca_path,
        "entra_cba_certificate_authorities": TWO_TIERS,
        **{f"entra_cba_{name}": value for name, value in extra.items()},
    }
    given = {name: value for name, value in variables.items() if value is not None}
    (playbook.folder / "variables.json").write_text(json.dumps(given))
    return playbook.run_file(
        # Not a path that exists: ansible-playbook looks a full name up in the collections.
        ROOT.relative_to(ROOT) / name,
        arguments=("-e", "@variables.json", *arguments),
        expect_failure=expect_failure,
    )


def messages(results: list[TaskResult], task: str) -> list[str]:
    return [result.message for result in results if result.task == task]


def test_apply_makes_it_so_and_says_what_changed(playbook: Playbook, tenant: Tenant) -> None:
    first, second = run(playbook, APPLY, "--diff"), run(playbook, APPLY)
    assert messages(first, "Summary") == ["changed: 2 added, 0 removed, 0 updated, 0 findings"]
    assert messages(second, "Summary") == [IN_STEP]
    assert len(tenant.store()) == 2


def test_apply_in_check_mode_says_what_it_would_change(playbook: Playbook, tenant: Tenant) -> None:
    results = run(playbook, APPLY, "--check")
    assert messages(results, "Summary") == ["would change: 2 added, 0 removed, 0 updated, 0 findings"]
    assert set(tenant.methods()) == {"GET"}


def test_apply_does_not_take_an_empty_answer_for_a_value(playbook: Playbook) -> None:
    empty = dict.fromkeys(("expired", "preflight", "expires_within", "cloud", "timeout", "backup_dir", "hosts"), "")
    assert messages(run(playbook, APPLY, **empty), "Summary") == ["changed: 2 added, 0 removed, 0 updated, 0 findings"]


def test_apply_without_a_list_is_an_error_and_removes_nothing(playbook: Playbook, tenant: Tenant) -> None:
    (refused,) = run(playbook, APPLY, certificate_authorities=None, expect_failure=True)
    assert "needs at least one CA" in refused.message
    assert tenant.requests() == []


def test_backups_are_kept_where_the_run_began(playbook: Playbook, tenant: Tenant) -> None:
    tenant.plant([as_graph(a_root_ca("Old Root CA"), is_root=True)])
    declared = run(playbook, APPLY, backup=True)[0]
    assert [str(path) for path in (playbook.folder / "backup").iterdir()] == [declared.result["backup_file"]]


def test_the_audit_of_a_tenant_in_step(playbook: Playbook, tenant: Tenant) -> None:
    run(playbook, APPLY)
    results = run(playbook, AUDIT, fail_on_drift=True)
    assert messages(results, "Summary") == [IN_STEP]
    assert tenant.methods()[-1:] == ["GET"]


def test_the_audit_shows_drift_and_never_writes_though_nobody_asked_for_check_mode(
    playbook: Playbook, tenant: Tenant
) -> None:
    root = a_root_ca("Rogue CA")
    tenant.plant([as_graph(root, is_root=True)])
    results = run(playbook, AUDIT, backup=True)
    assert messages(results, "Summary") == ["DRIFT, to repair it: 2 added, 1 removed, 0 updated, 0 findings"]
    assert "-subject: CN=Rogue CA" in playbook.output  # with diff, though nobody asked for that either
    assert set(tenant.methods()) == {"GET"}
    assert not (playbook.folder / "backup").exists()
    assert [entry["isRootAuthority"] for entry in tenant.store()] == [True]


def test_drift_fails_the_run_when_asked_after_the_summary(playbook: Playbook, tenant: Tenant) -> None:
    results = run(playbook, AUDIT, fail_on_drift="yes", expect_failure=True)
    assert [result.task for result in results][-2:] == ["Summary", "Fail on drift"]
    assert "The tenant is not as declared" in results[-1].message
    assert set(tenant.methods()) == {"GET"}


def test_errors_in_the_declared_list_are_findings_to_an_audit(playbook: Playbook) -> None:
    (playbook.folder / "issuing-alone.pem").write_bytes(a_root_ca("Old CA", not_before=-20, not_after=-10).pem)
    results = playbook_warnings(playbook, certificate_authorities=[{"path": "issuing-alone.pem"}])
    assert messages(results, "Summary") == ["DRIFT, to repair it: 1 added, 0 removed, 0 updated, 1 findings"]


def playbook_warnings(playbook: Playbook, **extra: Any) -> list[TaskResult]:
    """Run the audit where warnings are what is wanted."""
    run_file = playbook.run_file

    def patient(*args: Any, **kwargs: Any) -> list[TaskResult]:
        return run_file(*args, **kwargs, expected_warnings=("certificate.expired",))

    object.__setattr__(playbook, "run_file", patient)
    return run(playbook, AUDIT, **extra)
