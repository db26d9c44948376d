"""Who we are: each credential that works, and each failure with its code, its meaning and what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msal
import pytest
import requests

from builders.pki import a_leaf_of, a_root_ca, an_rsa_key
from integration.playbook import Playbook, info

if TYPE_CHECKING:
    from integration.service import Tenant


def token_of(tenant: Tenant) -> str:
    session = requests.Session()
    session.trust_env = False  # REQUESTS_CA_BUNDLE would replace the simulator's CA
    session.verify = tenant.service.ca_path
    application = msal.ConfidentialClientApplication(
        tenant.client_id,
        client_credential=tenant.client_secret,
        authority=f"{tenant.service.authority_url}/{tenant.tenant_id}",
        instance_discovery=False,
        http_client=session,
    )
    return str(application.acquire_token_for_client([f"{tenant.service.graph_url}/.default"])["access_token"])


def test_a_client_secret_from_the_environment(playbook: Playbook, tenant: Tenant) -> None:
    environment = {
        "AZURE_TENANT_ID": "",  # as AWX sets a field that was left empty
        "AZURE_TENANT": tenant.tenant_id,
        "AZURE_CLIENT_ID": tenant.client_id,
        "AZURE_SECRET": tenant.client_secret,
    }
    (read,) = playbook.run(info(), connect=False, environment=environment)
    assert read.status == "ok"


def test_a_client_certificate_from_a_pem_file(playbook: Playbook, tenant: Tenant) -> None:
    signer = a_leaf_of(a_root_ca(), "automation")
    rsa_signer = a_root_ca("automation", key=an_rsa_key())
    tenant.behave(client_certificate=rsa_signer.pem.decode())
    (playbook.folder / "automation.pem").write_bytes(rsa_signer.key_pem + rsa_signer.pem)
    connection = {"tenant_id": tenant.tenant_id, "client_id": tenant.client_id}
    (read,) = playbook.run(info(client_certificate_path="automation.pem", **connection), connect=False)
    assert read.status == "ok"
    (playbook.folder / "mixed.pem").write_bytes(signer.key_pem + rsa_signer.pem)
    (refused,) = playbook.run(
        info(client_certificate_path="mixed.pem", **connection), connect=False, expect_failure=True
    )
    assert "do not belong together" in refused.message
    assert "PRIVATE KEY" not in playbook.output


def test_a_client_certificate_that_the_application_does_not_know(playbook: Playbook, tenant: Tenant) -> None:
    signer = a_root_ca("automation", key=an_rsa_key())
    (playbook.folder / "automation.pem").write_bytes(signer.key_pem + signer.pem)
    task = info(tenant_id=tenant.tenant_id, client_id=tenant.client_id, client_certificate_path="automation.pem")
    (refused,) = playbook.run(task, connect=False, expect_failure=True)
    assert "AADSTS700027" in refused.message
    assert "upload the certificate" in refused.message


def test_a_given_access_token_needs_no_login(playbook: Playbook, tenant: Tenant) -> None:
    token = token_of(tenant)
    logged = len(tenant.service.control("GET", "/requests")["requests"])
    (read,) = playbook.run(info(access_token=token), connect=False)
    assert read.status == "ok"
    made = tenant.service.control("GET", "/requests")["requests"][logged:]
    assert [entry["method"] for entry in made] == ["GET"]
    assert token not in playbook.output


def test_a_token_for_another_tenant_is_refused_without_a_request(playbook: Playbook, tenant: Tenant) -> None:
    other = tenant.service.next_tenant()
    task = info(access_token=token_of(other), tenant_id=tenant.tenant_id)
    (refused,) = playbook.run(task, connect=False, expect_failure=True)
    assert f"the token is of tenant {other.tenant_id}" in refused.message
    assert tenant.requests() == []


def test_a_wrong_secret(playbook: Playbook) -> None:
    (refused,) = playbook.run(info(client_secret="not-the-secret"), expect_failure=True)
    assert "AADSTS7000215: the client secret is wrong" in refused.message
    assert "not its Secret ID" in refused.message
    assert "not-the-secret" not in playbook.output


def test_an_expired_secret(playbook: Playbook, tenant: Tenant) -> None:
    tenant.behave(client_secret="expired")
    (refused,) = playbook.run(info(), expect_failure=True)
    assert "AADSTS7000222: the client secret has expired" in refused.message
    assert "create a new secret" in refused.message


def test_an_unknown_tenant(playbook: Playbook) -> None:
    (refused,) = playbook.run(info(tenant_id="00000000-1111-2222-3333-444444444444"), expect_failure=True)
    assert "AADSTS90002: no tenant of this id or name" in refused.message
    assert "check 'tenant_id'" in refused.message


def test_an_application_that_nobody_has_consented_to(playbook: Playbook) -> None:
    (refused,) = playbook.run(info(client_id="00000000-1111-2222-3333-444444444444"), expect_failure=True)
    assert "AADSTS700016" in refused.message
    assert "admin consent" in refused.message


def test_missing_admin_consent(playbook: Playbook, tenant: Tenant) -> None:
    refusal = {
        "error": "invalid_grant",
        "error_description": "AADSTS65001: The user or administrator has not consented to use the application.",
        "error_codes": [65001],
        "trace_id": "0d7c1c0e-1f5a-4f0e-8f64-6f4a0a8d0b00",
    }
    fault = {"method": "POST", "path": "/oauth2/", "status": 400, "headers": {}, "body": json.dumps(refusal)}
    tenant.behave(faults=[fault])
    (refused,) = playbook.run(info(), expect_failure=True)
    assert "AADSTS65001: nobody has consented" in refused.message
    assert "0d7c1c0e-1f5a-4f0e-8f64-6f4a0a8d0b00" in refused.message


def test_a_missing_network_names_host_and_proxy(playbook: Playbook) -> None:
    (refused,) = playbook.run(info(authority_url="https://127.0.0.1:9", timeout=3), expect_failure=True)
    assert "no connection" in refused.message
    assert "https://127.0.0.1:9" in refused.message


def test_a_server_with_another_ca_is_not_trusted(playbook: Playbook) -> None:
    (playbook.folder / "other-ca.pem").write_bytes(a_root_ca().pem)
    (refused,) = playbook.run(info(ca_path="other-ca.pem"), expect_failure=True)
    assert "TLS certificate of the server was not accepted" in refused.message
    assert "ca_path" in refused.message


def test_a_credential_that_lacks_a_part_lists_the_ways(playbook: Playbook, tenant: Tenant) -> None:
    task = info(tenant_id=tenant.tenant_id, client_id=tenant.client_id)
    (refused,) = playbook.run(task, connect=False, expect_failure=True)
    for way in ("access_token", "client_certificate_path", "client_secret", "federated_token_file", "azure_cli"):
        assert way in refused.message


@pytest.mark.parametrize("method", ["client_secret", "client_certificate", "federated_token", "access_token"])
def test_a_method_that_was_asked_for_names_what_it_lacks(playbook: Playbook, tenant: Tenant, method: str) -> None:
    task = info(tenant_id=tenant.tenant_id, auth_method=method)
    (refused,) = playbook.run(task, connect=False, expect_failure=True)
    assert f"auth_method {method} needs " in refused.message
