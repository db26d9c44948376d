"""A 403 says which right the token lacks, for applications and for users, and when it lacks none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders.pki import write_two_tier_pki
from integration.playbook import info, manage

if TYPE_CHECKING:
    from integration.playbook import Playbook, TaskResult
    from integration.service import Tenant

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
BOTH = [{"path": "root.pem"}, {"path": "issuing.der"}]


def read_as(playbook: Playbook, tenant: Tenant, scp: list[str], wids: list[str], *, allowed: bool) -> TaskResult:
    """Read the store with a user's token."""
    asked = {"tenant_id": tenant.tenant_id, "scp": scp, "wids": wids}
    token = tenant.service.control("POST", "/token", json=asked)["access_token"]
    (result,) = playbook.run(info(access_token=token), connect=False, expect_failure=not allowed)
    assert token not in playbook.output
    assert result.result["auth_method"] == "access_token"
    return result


def test_an_application_without_the_permission(playbook: Playbook, tenant: Tenant) -> None:
    tenant.behave(roles=["User.Read.All"])
    (refused,) = playbook.run(info(), expect_failure=True)
    assert f"application {tenant.client_id} lacks the application permission Organization.Read.All" in refused.message
    assert "it has User.Read.All" in refused.message
    assert "admin consent" in refused.message


def test_an_application_that_may_read_and_not_write(playbook: Playbook, tenant: Tenant) -> None:
    tenant.behave(roles=["Organization.Read.All"])
    write_two_tier_pki(playbook.folder)
    read, refused = playbook.run(info(), manage(certificate_authorities=BOTH), expect_failure=True)
    assert read.status == "ok"
    assert (
        "lacks the application permission Organization.ReadWrite.All; it has Organization.Read.All" in refused.message
    )
    assert refused.result["auth_method"] == "client_secret"


def test_a_write_that_is_refused_to_an_application_though_it_has_the_permission(
    playbook: Playbook, tenant: Tenant
) -> None:
    body = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}
    fault = {"method": "POST", "path": "/organization/", "status": 403, "headers": {}, "body": body, "count": 9}
    tenant.behave(faults=[fault])
    write_two_tier_pki(playbook.folder)
    (refused,) = playbook.run(manage(certificate_authorities=BOTH), expect_failure=True)
    assert "has the application permission that this call needs (Organization.ReadWrite.All)" in refused.message
    assert "only delegated tokens" in refused.message
    assert "role Global Administrator" in refused.message
    assert tenant.store() == []


def test_a_global_administrator_with_the_permission_may(playbook: Playbook, tenant: Tenant) -> None:
    assert read_as(playbook, tenant, ["Organization.Read.All"], [GLOBAL_ADMINISTRATOR], allowed=True).authorities == []


def test_a_user_without_the_role(playbook: Playbook, tenant: Tenant) -> None:
    refused = read_as(playbook, tenant, ["Organization.Read.All"], [GLOBAL_READER], allowed=False)
    assert "without the role Global Administrator (the user has Global Reader)" in refused.message
    assert "lacks" not in refused.message


def test_a_user_without_the_permission(playbook: Playbook, tenant: Tenant) -> None:
    refused = read_as(playbook, tenant, ["User.Read"], [GLOBAL_ADMINISTRATOR], allowed=False)
    assert "lacks the delegated permission Organization.Read.All (it has User.Read)" in refused.message
    assert "without the role" not in refused.message
