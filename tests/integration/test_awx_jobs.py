"""The files for AWX at work: a credential becomes a job's environment, and the job does what its events say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from awx.credential_type import CredentialType
from awx.job import AWX_FILES, Controller
from builders.pki import a_root_ca, an_rsa_key, write_two_tier_pki
from integration.playbook import MANAGE

if TYPE_CHECKING:
    from pathlib import Path

    from integration.service import Service, Tenant

DECLARE = "Declare the certificate authorities that the tenant trusts"

# What AWX brings along: "Microsoft Azure Resource Manager", as far as it is injected for these fields.
BUILT_IN_AZURE = CredentialType(
    {
        "fields": [
            {"id": name, "label": name, "type": "string"} for name in ("subscription", "client", "secret", "tenant")
        ],
        "required": ["subscription"],
    },
    {
        "env": {
            "AZURE_SUBSCRIPTION_ID": "{{ subscription }}",
            "AZURE_CLIENT_ID": "{{ client }}",
            "AZURE_SECRET": "{{ secret }}",
            "AZURE_TENANT": "{{ tenant }}",
            "AZURE_TENANT_ID": "{{ tenant }}",
        }
    },
)


def shipped_type() -> CredentialType:
    inputs, injectors = (
        yaml.safe_load((AWX_FILES / "credential_type" / f"{name}.yml").read_text()) for name in ("inputs", "injectors")
    )
    return CredentialType(inputs, injectors)


def inventory_of(service: Service, hosts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the shipped inventory with other hosts, and with the simulator in place of Microsoft."""
    inventory: dict[str, Any] = yaml.safe_load((AWX_FILES / "project" / "inventory" / "tenants.yml").read_text())
    inventory["all"]["hosts"] = hosts
    inventory["all"]["vars"] |= {
        "entra_cba_graph_url": service.graph_url,
        "entra_cba_authority_url": service.authority_url,
        "entra_cba_ca_path": service.ca_path,
    }
    return inventory


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The shipped project, with a PKI."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("apply.yml", "audit_drift.yml", "trust_audit.yml"):
        (folder / name).write_text((AWX_FILES / "project" / name).read_text())
    write_two_tier_pki(folder / "files")
    return folder


@pytest.fixture
def controller(tmp_path: Path, project: Path, service: Service) -> Controller:
    return Controller(tmp_path, project, inventory_of(service, {"contoso": {}}))


def secret_of(tenant: Tenant) -> dict[str, str | bool]:
    return {"tenant_id": tenant.tenant_id, "client_id": tenant.client_id, "client_secret": tenant.client_secret}


def test_apply_with_our_credential_type_and_the_answers_of_the_survey(controller: Controller, tenant: Tenant) -> None:
    answers = {"entra_cba_hosts": "all", "entra_cba_purge": "yes", "entra_cba_expired": "fail", "entra_cba_serial": "1"}
    first, second = (
        controller.launch("apply.yml", shipped_type(), secret_of(tenant), diff_mode=True, extra_vars=answers)
        for _run in range(2)
    )
    assert first.succeeded, first.output
    assert [run.results(DECLARE)["contoso"]["changed"] for run in (first, second)] == [True, False]
    assert len(tenant.store()) == 2
    assert [run.results("Report")["contoso"]["msg"][0] for run in (first, second)] == [
        "contoso: changed: 2 added, 0 removed, 0 updated, 0 findings",
        "contoso: as declared, 0 findings",
    ]


def test_a_check_mode_job_with_diff_is_an_audit(controller: Controller, tenant: Tenant) -> None:
    job = controller.launch(
        "apply.yml",
        shipped_type(),
        secret_of(tenant),
        job_type="check",
        diff_mode=True,
        extra_vars={"entra_cba_hosts": "all"},
    )
    assert job.succeeded, job.output
    result = job.results(DECLARE)["contoso"]
    assert result["changed"]
    assert [block["before"] for block in result["diff"]] == ["", ""]
    assert "subject: CN=Example Root CA" in result["diff"][1]["after"]
    assert "+subject: CN=Example Root CA" in job.output
    assert set(tenant.methods()) == {"GET"}
    assert tenant.store() == []


def test_the_audit_job_tells_of_drift_in_events_and_artifacts_and_fails_when_asked(
    controller: Controller, tenant: Tenant
) -> None:
    answers = {"entra_cba_hosts": "all", "entra_cba_fail_on_drift": "yes", "entra_cba_expires_within": 30}
    job = controller.launch(
        "audit_drift.yml", shipped_type(), secret_of(tenant), job_type="check", diff_mode=True, extra_vars=answers
    )
    assert not job.succeeded
    assert job.results(DECLARE)["contoso"]["changed"]
    assert len(job.results(DECLARE)["contoso"]["diff"]) == 2
    assert "not as declared" in job.results("Fail on drift")["contoso"]["msg"]
    assert job.artifacts == {"entra_cba_audit": {"contoso": {"added": 2, "removed": 0, "updated": 0, "findings": 0}}}
    assert set(tenant.methods()) == {"GET"}


def test_the_certificate_of_our_credential_type_reaches_the_job_as_a_file(
    controller: Controller, tenant: Tenant
) -> None:
    signer = a_root_ca("automation", key=an_rsa_key())
    tenant.behave(client_certificate=signer.pem.decode())
    credential: dict[str, str | bool] = {
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.client_id,
        "client_certificate": (signer.pem + signer.key_pem).decode().rstrip(),
        "cloud": "global",
    }
    job = controller.launch("audit_drift.yml", shipped_type(), credential, extra_vars={"entra_cba_hosts": "all"})
    assert job.succeeded, job.output
    assert "PRIVATE KEY" not in job.output + str(job.events)


def test_a_type_that_names_an_empty_file_leaves_the_secret_to_be_used(controller: Controller, tenant: Tenant) -> None:
    inputs, injectors = (
        yaml.safe_load((AWX_FILES / "credential_type" / f"{name}.yml").read_text()) for name in ("inputs", "injectors")
    )
    injectors["env"]["AZURE_CLIENT_CERTIFICATE_PATH"] = "{{ tower.filename.client_certificate }}"
    job = controller.launch(
        "audit_drift.yml", CredentialType(inputs, injectors), secret_of(tenant), extra_vars={"entra_cba_hosts": "all"}
    )
    assert job.succeeded, job.output
    assert job.results(DECLARE)["contoso"]["auth_method"] == "client_secret"


def test_the_tenant_of_the_inventory_counts_when_the_credential_names_none(
    tmp_path: Path, project: Path, service: Service, tenant: Tenant
) -> None:
    inventory = inventory_of(service, {"contoso": {"entra_cba_tenant_id": tenant.tenant_id}})
    credential = {**secret_of(tenant), "tenant_id": ""}
    job = Controller(tmp_path, project, inventory).launch(
        "audit_drift.yml", shipped_type(), credential, extra_vars={"entra_cba_hosts": "all"}
    )
    assert job.succeeded, job.output
    assert job.results(DECLARE)["contoso"]["changed"]


def test_the_built_in_azure_credential_works_unchanged(controller: Controller, tenant: Tenant) -> None:
    credential = {
        "subscription": "00000000-0000-0000-0000-000000000001",
        "client": tenant.client_id,
        "secret": tenant.client_secret,
        "tenant": tenant.tenant_id,
    }
    job = controller.launch("apply.yml", BUILT_IN_AZURE, credential, extra_vars={"entra_cba_hosts": "all"})
    assert job.succeeded, job.output
    assert len(tenant.store()) == 2


def test_the_module_named_by_the_playbooks_is_the_one_of_this_collection(
    controller: Controller, tenant: Tenant
) -> None:
    job = controller.launch("audit_drift.yml", shipped_type(), secret_of(tenant), extra_vars={"entra_cba_hosts": "all"})
    actions = {event["event_data"].get("task_action") for event in job.events}
    assert MANAGE in actions


def test_a_trust_audit_leaves_its_figures_and_its_page(controller: Controller, tenant: Tenant, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    answers = {"entra_cba_hosts": "all", "entra_cba_report_directory": str(folder), "entra_cba_fail_on": "never"}
    job = controller.launch(
        "trust_audit.yml", shipped_type(), secret_of(tenant), job_type="check", diff_mode=False, extra_vars=answers
    )
    assert job.succeeded, job.output
    assert job.artifacts == {"entra_cba_trust_audit": {"contoso": {"error": 2, "warning": 0}}}
    assert "trust.approved_missing" in (folder / "trust_audit.html").read_text()
    assert tenant.methods() == ["GET"]
