"""What the two pages of Graph's documentation that this collection started from say, each held against a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builders.pki import a_root_ca, write_two_tier_pki
from integration.playbook import Playbook, info, manage
from integration.service import CONFIGURATION_ID

if TYPE_CHECKING:
    from integration.service import Tenant

BOTH = [{"path": "root.pem"}, {"path": "issuing.der"}]


@pytest.fixture(autouse=True)
def _two_tiers(playbook: Playbook) -> None:
    write_two_tier_pki(playbook.folder)


def collection_of(tenant: Tenant, version: str = "v1.0") -> str:
    return f"/{version}/organization/{tenant.tenant_id}/certificateBasedAuthConfiguration"


def test_v1_create_answers_201_with_a_body(playbook: Playbook, tenant: Tenant) -> None:
    tenant.behave(create_status=201)
    (created,) = playbook.run(manage(certificate_authorities=BOTH))
    assert created.changed
    assert f"POST {collection_of(tenant)}" in tenant.requests()
    assert [call["status"] for call in created.result["graph_requests"]] == [200, 200, 201, 200]


def test_the_ref_path_of_both_pages_is_used_where_the_collection_knows_no_post(
    playbook: Playbook, tenant: Tenant
) -> None:
    tenant.behave(create_path="ref")
    (created,) = playbook.run(manage(certificate_authorities=BOTH))
    assert created.changed
    assert len(tenant.store()) == 2
    posts = [request for request in tenant.requests() if request.startswith("POST")]
    assert posts == [f"POST {collection_of(tenant)}", f"POST {collection_of(tenant)}/$ref"]


def test_the_beta_form_with_204_and_no_body(playbook: Playbook, tenant: Tenant) -> None:
    tenant.behave(create_path="ref", create_status=204)
    created, again = playbook.run(
        manage(api_version="beta", certificate_authorities=BOTH),
        manage(api_version="beta", certificate_authorities=BOTH),
    )
    assert (created.changed, again.changed) == (True, False)
    assert f"POST {collection_of(tenant, 'beta')}/$ref" in tenant.requests()
    assert 204 in [call["status"] for call in created.result["graph_requests"]]


def test_the_single_instance_has_the_fixed_id(playbook: Playbook, tenant: Tenant) -> None:
    created, read, removed = playbook.run(manage(certificate_authorities=BOTH), info(), manage(state="absent"))
    assert created.result["certificate_based_auth_configuration"]["id"] == CONFIGURATION_ID
    assert read.result["certificate_based_auth_configuration"]["id"] == CONFIGURATION_ID
    assert removed.changed
    assert f"DELETE {collection_of(tenant)}/{CONFIGURATION_ID}" in tenant.requests()


def test_a_second_create_that_finds_the_same_list_is_unchanged(playbook: Playbook, tenant: Tenant) -> None:
    _created, second = playbook.run(
        manage(certificate_authorities=BOTH), manage(certificate_authorities=list(reversed(BOTH)))
    )
    assert not second.changed
    assert tenant.methods().count("POST") == 1


def test_a_second_create_that_finds_another_list_is_changed(playbook: Playbook, tenant: Tenant) -> None:
    (playbook.folder / "other.pem").write_bytes(a_root_ca("Another Root CA").pem)
    _created, second = playbook.run(
        manage(certificate_authorities=BOTH), manage(certificate_authorities=[*BOTH, {"path": "other.pem"}])
    )
    assert second.changed
    assert len(tenant.store()) == 3
    assert tenant.methods().count("POST") == 2
    assert "DELETE" not in tenant.methods()


def test_certificate_and_is_root_authority_are_sent_and_issuer_and_issuer_ski_are_returned(
    playbook: Playbook, tenant: Tenant
) -> None:
    # The simulator answers 400 to a member without the first two and to one with either of the others.
    created, read = playbook.run(manage(certificate_authorities=BOTH), info())
    assert all(entry["certificate"] and "isRootAuthority" in entry for entry in tenant.store())
    for authority in created.authorities + read.authorities:
        assert authority["issuer"] == "CN=Example Root CA,O=Example Org,C=DE"
        assert authority["issuer_ski"] == authority["subject_key_identifier"]
        assert len(authority["issuer_ski"]) == 40


def test_a_caller_without_the_write_permission_is_told_which_one_is_missing(playbook: Playbook, tenant: Tenant) -> None:
    tenant.behave(roles=["Organization.Read.All"])
    (read,) = playbook.run(info())
    assert read.authorities == []
    (refused,) = playbook.run(manage(certificate_authorities=BOTH), expect_failure=True)
    assert "403 Authorization_RequestDenied" in refused.message
    assert "lacks the application permission Organization.ReadWrite.All" in refused.message
    assert "In force now, read from the service: the list from before the task" in refused.message
    assert tenant.store() == []


def test_a_caller_without_any_permission_fails_to_read_and_nothing_counts_as_absent(
    playbook: Playbook, tenant: Tenant
) -> None:
    tenant.behave(roles=[])
    (refused,) = playbook.run(manage(certificate_authorities=BOTH), expect_failure=True)
    assert "Organization.Read.All" in refused.message
    assert tenant.methods() == ["GET"]


@pytest.mark.parametrize("name", ["consumers", "9188040d-6c67-4c5b-b112-36a304b66dad", "common", "organizations"])
def test_the_tenant_of_personal_accounts_is_refused_before_any_request(
    playbook: Playbook, tenant: Tenant, name: str
) -> None:
    before = len(tenant.service.control("GET", "/requests")["requests"])
    (refused,) = playbook.run(manage(tenant_id=name, certificate_authorities=BOTH), expect_failure=True)
    assert "no single work or school tenant" in refused.message
    assert len(tenant.service.control("GET", "/requests")["requests"]) == before
