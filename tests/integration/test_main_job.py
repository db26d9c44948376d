"""The main job: the trust store becomes what was declared, once, and nothing else happens."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from builders.pki import a_federal_shaped_pki, a_leaf_of, a_root_ca, an_intermediate_of, write_two_tier_pki
from integration.playbook import Playbook, info, manage

if TYPE_CHECKING:
    from builders.pki import BuiltCertificate
    from integration.service import Tenant

TWO_TIERS = [
    {"path": "root.pem", "certificate_revocation_list_url": "http://crl.example.org/root.crl"},
    {"path": "issuing.der", "certificate_revocation_list_url": "http://crl.example.org/issuing.crl"},
]


def as_graph(built: BuiltCertificate, *, is_root: bool, url: str | None = None) -> dict[str, object]:
    return {
        "certificate": base64.b64encode(built.der).decode(),
        "isRootAuthority": is_root,
        "certificateRevocationListUrl": url,
        "deltaCertificateRevocationListUrl": None,
    }


def fingerprints_in(tenant: Tenant) -> set[bytes]:
    return {base64.b64decode(entry["certificate"]) for entry in tenant.store()}


@pytest.fixture
def two_tiers(playbook: Playbook) -> tuple[BuiltCertificate, BuiltCertificate]:
    return write_two_tier_pki(playbook.folder)


def test_a_declared_pki_is_created_and_the_second_run_finds_it(
    playbook: Playbook, tenant: Tenant, two_tiers: tuple[BuiltCertificate, BuiltCertificate]
) -> None:
    root, issuing = two_tiers
    first, second = playbook.run(manage(certificate_authorities=TWO_TIERS), manage(certificate_authorities=TWO_TIERS))
    assert (first.changed, second.changed) == (True, False)
    assert tenant.methods() == ["GET", "GET", "POST", "GET", "GET"]
    assert fingerprints_in(tenant) == {root.der, issuing.der}
    assert {entry["certificateRevocationListUrl"] for entry in tenant.store()} == {
        "http://crl.example.org/root.crl",
        "http://crl.example.org/issuing.crl",
    }
    assert first.authorities == second.authorities
    assert [(ca["sha256"], ca["is_root_authority"]) for ca in first.authorities] == [
        (issuing.sha256, False),
        (root.sha256, True),
    ]
    assert second.result["diff"] == []
    assert len(second.result["graph_requests"]) == 1
    assert all(call["request_id"] and call["client_request_id"] for call in first.result["graph_requests"])


@pytest.mark.usefixtures("two_tiers")
def test_a_reader_sees_the_same_list_as_the_task_that_wrote_it(playbook: Playbook) -> None:
    wrote, read = playbook.run(manage(certificate_authorities=TWO_TIERS), info())
    key = "certificate_based_auth_configuration"
    assert read.result[key] == wrote.result[key]
    assert not read.changed


def test_an_empty_tenant_reads_as_no_configuration(playbook: Playbook, tenant: Tenant) -> None:
    (read,) = playbook.run(info())
    assert read.result["certificate_based_auth_configuration"] == {"id": None, "certificate_authorities": []}
    assert tenant.methods() == ["GET"]


def test_drift_shows_in_check_mode_with_diff_and_the_repair_does_just_that(
    playbook: Playbook, tenant: Tenant, two_tiers: tuple[BuiltCertificate, BuiltCertificate]
) -> None:
    root, issuing = two_tiers
    planted = a_root_ca("Rogue CA")
    tenant.plant([as_graph(root, is_root=True, url="http://elsewhere.example/"), as_graph(planted, is_root=True)])
    (audit,) = playbook.run(manage(certificate_authorities=TWO_TIERS), check=True)
    assert tenant.methods() == ["GET"]
    (repair,) = playbook.run(manage(certificate_authorities=TWO_TIERS))
    assert fingerprints_in(tenant) == {root.der, issuing.der}
    assert audit.changed
    assert repair.changed
    assert audit.result["diff"] == repair.result["diff"]
    assert audit.result["changes"] == repair.result["changes"]
    assert audit.authorities == repair.authorities
    headers = [block["before_header"] for block in audit.result["diff"]]
    assert headers == [
        f"CN=Example Issuing CA,O=Example Org,C=DE (SHA-256 {issuing.sha256[:8]})",
        f"CN=Example Root CA,O=Example Org,C=DE (SHA-256 {root.sha256[:8]})",
        f"CN=Rogue CA,O=Example Org,C=DE (SHA-256 {planted.sha256[:8]})",
    ]
    added, updated, removed = audit.result["diff"]
    assert (added["before"], removed["after"]) == ("", "")
    assert "certificate_revocation_list_url: http://elsewhere.example/\n" in updated["before"]
    assert "certificate_revocation_list_url: http://crl.example.org/root.crl\n" in updated["after"]
    changes = audit.result["changes"]
    assert [ca["sha256"] for ca in changes["removed"]] == [planted.sha256]
    assert changes["updated"][0]["before"]["certificate_revocation_list_url"] == "http://elsewhere.example/"


def test_without_purge_other_cas_stay(
    playbook: Playbook, tenant: Tenant, two_tiers: tuple[BuiltCertificate, BuiltCertificate]
) -> None:
    other = a_root_ca("Somebody Else's CA")
    tenant.plant([as_graph(other, is_root=True, url="http://other.example/crl")])
    merge = manage(certificate_authorities=TWO_TIERS, purge=False)
    first, second = playbook.run(merge, merge)
    assert (first.changed, second.changed) == (True, False)
    assert fingerprints_in(tenant) == {other.der} | {ca.der for ca in two_tiers}
    assert {entry["certificateRevocationListUrl"] for entry in tenant.store()} >= {"http://other.example/crl"}


def test_absent_with_a_list_takes_these_out_and_leaves_the_rest(
    playbook: Playbook, tenant: Tenant, two_tiers: tuple[BuiltCertificate, BuiltCertificate]
) -> None:
    root, _issuing = two_tiers
    take_out = manage(state="absent", certificate_authorities=[{"path": "issuing.der"}])
    _created, first, second = playbook.run(manage(certificate_authorities=TWO_TIERS), take_out, take_out)
    assert (first.changed, second.changed) == (True, False)
    assert fingerprints_in(tenant) == {root.der}
    assert "DELETE" not in tenant.methods()


@pytest.mark.usefixtures("two_tiers")
def test_absent_without_a_list_removes_the_configuration(playbook: Playbook, tenant: Tenant) -> None:
    _created, first, second = playbook.run(
        manage(certificate_authorities=TWO_TIERS), manage(state="absent"), manage(state="absent")
    )
    assert (first.changed, second.changed) == (True, False)
    assert first.result["certificate_based_auth_configuration"] == {"id": None, "certificate_authorities": []}
    assert tenant.store() == []
    assert tenant.methods() == ["GET", "GET", "POST", "GET", "GET", "GET", "DELETE", "GET", "GET"]


def test_present_with_an_empty_list_is_an_error_and_no_request_is_made(playbook: Playbook, tenant: Tenant) -> None:
    (refused,) = playbook.run(manage(certificate_authorities=[]), expect_failure=True)
    assert "needs at least one CA" in refused.message
    assert "state: absent" in refused.message
    assert tenant.requests() == []


def test_absent_with_an_empty_list_is_an_error_and_not_everything(playbook: Playbook, tenant: Tenant) -> None:
    (refused,) = playbook.run(manage(state="absent", certificate_authorities=[]), expect_failure=True)
    assert "needs at least one CA" in refused.message
    assert tenant.requests() == []


def test_a_domain_name_stands_for_its_tenant(playbook: Playbook, tenant: Tenant) -> None:
    write_two_tier_pki(playbook.folder)
    (created,) = playbook.run(manage(tenant_id=tenant.domain, certificate_authorities=TWO_TIERS))
    assert created.changed
    assert len(tenant.store()) == 2


def test_an_expired_ca_stops_the_task_before_anything_is_written(playbook: Playbook, tenant: Tenant) -> None:
    root, expired = a_root_ca(), a_root_ca("Old Root CA", not_before=-30, not_after=-1)
    (playbook.folder / "roots.pem").write_bytes(root.pem + expired.pem)
    (refused,) = playbook.run(manage(certificate_authorities=[{"path": "roots.pem"}]), expect_failure=True)
    assert "CN=Old Root CA" in refused.message
    assert "expired: omit" in refused.message
    assert tenant.methods() == ["GET"]


def test_expired_cas_are_left_out_when_asked_declared_and_present_ones(playbook: Playbook, tenant: Tenant) -> None:
    root, expired = a_root_ca(), a_root_ca("Old Root CA", not_before=-30, not_after=-1)
    also_expired = a_root_ca("Older Root CA", not_before=-300, not_after=-100)
    tenant.plant([as_graph(also_expired, is_root=True)])
    (playbook.folder / "roots.pem").write_bytes(root.pem + expired.pem)
    task = manage(certificate_authorities=[{"path": "roots.pem"}], expired="omit", purge=False)
    first, second = playbook.run(task, task)
    assert (first.changed, second.changed) == (True, False)
    assert fingerprints_in(tenant) == {root.der}


def test_a_store_that_holds_an_expired_ca_is_left_alone_while_nothing_else_changes(
    playbook: Playbook, tenant: Tenant
) -> None:
    expired = a_root_ca("Old Root CA", not_before=-30, not_after=-1)
    tenant.plant([as_graph(expired, is_root=True)])
    (playbook.folder / "old.pem").write_bytes(expired.pem)
    (unchanged,) = playbook.run(
        manage(certificate_authorities=[{"path": "old.pem"}]), expected_warnings=("certificate.expired",)
    )
    assert not unchanged.changed
    assert [finding["code"] for finding in unchanged.result["findings"]] == ["certificate.expired"]


def test_a_list_of_expired_cas_alone_never_empties_the_store(playbook: Playbook, tenant: Tenant) -> None:
    kept, expired = a_root_ca(), a_root_ca("Old Root CA", not_before=-30, not_after=-1)
    tenant.plant([as_graph(kept, is_root=True)])
    (playbook.folder / "old.pem").write_bytes(expired.pem)
    task = manage(certificate_authorities=[{"path": "old.pem"}], expired="omit")
    (refused,) = playbook.run(task, expect_failure=True)
    assert "every CA of the list has expired" in refused.message
    assert fingerprints_in(tenant) == {kept.der}


def test_a_leaf_certificate_is_refused_by_name(playbook: Playbook, tenant: Tenant) -> None:
    (playbook.folder / "ada.pem").write_bytes(a_leaf_of(a_root_ca()).pem)
    (refused,) = playbook.run(manage(certificate_authorities=[{"path": "ada.pem"}]), expect_failure=True)
    assert "is no CA certificate" in refused.message
    assert "ada.pem" in refused.message
    assert tenant.store() == []


def test_a_pki_of_federal_shape_is_applied_without_its_expired_cas_and_unchanged_the_second_time(
    playbook: Playbook, tenant: Tenant
) -> None:
    pki = a_federal_shaped_pki(60)
    (playbook.folder / "federation.p7b").write_bytes(pki.bundle)
    task = manage(
        certificate_authorities=[{"path": "federation.p7b"}],
        expired="omit",
        accept_findings=["chain.issuer_missing", "chain.incomplete"],
    )
    first, second = playbook.run(task, task)
    assert (first.changed, second.changed) == (True, False)
    assert fingerprints_in(tenant) == {ca.der for ca in pki.certificates} - {ca.der for ca in pki.expired}
    roots = {entry["certificate"] for entry in tenant.store() if entry["isRootAuthority"]}
    assert roots == {base64.b64encode(pki.root.der).decode()}


def test_an_entry_that_nobody_can_read_is_kept_by_a_merge(playbook: Playbook, tenant: Tenant) -> None:
    root = a_root_ca()
    odd = {**as_graph(root, is_root=True), "certificate": base64.b64encode(b"\x30\x03\x02\x01\x05").decode()}
    tenant.plant([odd])
    (playbook.folder / "root.pem").write_bytes(root.pem)
    (audit,) = playbook.run(
        manage(certificate_authorities=[{"path": "root.pem"}], purge=False),
        check=True,
        expected_warnings=("certificate.unreadable",),
    )
    assert len(audit.authorities) == 2
    assert [ca["sha256"] for ca in audit.result["changes"]["added"]] == [root.sha256]
    assert audit.result["changes"]["removed"] == []


def test_two_generations_of_one_ca_live_side_by_side(playbook: Playbook, tenant: Tenant) -> None:
    root = a_root_ca()
    old = an_intermediate_of(root, "Issuing CA")
    new = an_intermediate_of(root, "Issuing CA", key=old.private_key)
    (playbook.folder / "all.pem").write_bytes(root.pem + old.pem + new.pem)
    task = manage(certificate_authorities=[{"path": "all.pem"}])
    first, second = playbook.run(task, task)
    assert (first.changed, second.changed) == (True, False)
    assert fingerprints_in(tenant) == {root.der, old.der, new.der}
